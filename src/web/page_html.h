/* page_html.h - where in HTML a piece of a page stands, so that a value is escaped for that place.
 *
 * A page's literal text is read once, when it is loaded, by a small state machine after the HTML
 * standard's tokenizer (WHATWG, section 13.2.5), cut to what decides whether and how a value may
 * stand somewhere. It never looks at values: a value in an allowed place can't leave that place,
 * since quotes, angles and ampersands are escaped. What it can't judge it refuses.
 *
 * It refuses too what the server's content security policy would block anyway: script and style
 * inside a page, on... and style attributes, script addresses. */
#ifndef CUNHUO_WEB_PAGE_HTML_H
#define CUNHUO_WEB_PAGE_HTML_H

#include <stdbool.h>
#include <stddef.h>

/* Where a value stands, and what is done to it. */
enum place {
    PLACE_TEXT,       // &amp; &lt; &gt; &quot; &#39;
    PLACE_ATTR,       // the same; always between quotes
    PLACE_URL,        // at the start of an address: its scheme is checked, then as PLACE_ATTR
    PLACE_URL_PART,   // inside an address: one piece of a path or query, percent-encoded
};

enum html_state {
    HTML_TEXT, HTML_TAG_OPEN, HTML_MARKUP, HTML_COMMENT, HTML_TAG_NAME, HTML_IN_TAG,
    HTML_ATTR_NAME, HTML_AFTER_NAME, HTML_BEFORE_VALUE, HTML_QUOTED, HTML_UNQUOTED,
    HTML_AFTER_VALUE, HTML_JOINED, HTML_RAW,
};

enum html_url { URL_NOT, URL_START, URL_SCHEME, URL_PART };

enum { HTML_NAME = 24 };

struct html {
    enum html_state state;
    bool closing;             // the tag is an end tag
    bool raw_text;            // HTML_RAW: a value may stand there (textarea, title)
    char quote;
    enum html_url url;        // how far the address has come
    bool scheme_unknown;      // URL_SCHEME: a value or a section stands in what may be its scheme
    char tag[HTML_NAME], attr[HTML_NAME], scheme[HTML_NAME];
    size_t tag_size, attr_size, scheme_size;
    size_t match;             // HTML_RAW: characters read of "</tag"; comments: dashes
};

/* Reads literal text of a page. NULL, or what is wrong with it at offset `*at`. */
const char *html_read(struct html *html, const char *text, size_t size, size_t *at);

/* A value stands here: how it is escaped. NULL, or why no value may stand here. */
const char *html_value(struct html *html, enum place *place);

/* A section begins here; NULL, or why it may not. */
const char *html_branch(const struct html *html);

/* A section ends here that began at `before`: what holds from here on, whether it was drawn or not.
 * NULL, or why that can't be said. */
const char *html_join(struct html *html, const struct html *before);

/* Another page may stand here. */
bool html_whole(const struct html *html);
#endif
