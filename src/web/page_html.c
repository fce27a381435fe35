/* page_html.c - the state machine over a page's literal text. */
#include "web/page_html.h"

#include <string.h>
#include <strings.h>

static bool space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f'; }

static bool letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

static char lower(char c) { return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c; }

static bool among(const char *name, const char *const *words)
{
    for (; *words; words++)
        if (strcmp(name, *words) == 0) return true;
    return false;
}

/* Elements whose content is no HTML, and those in whose attributes no value may stand. */
static const char *const raw[] = { "script", "style", "xmp", "iframe", "noembed", "noframes",
                                   "plaintext", "textarea", "title", NULL };
static const char *const raw_text[] = { "textarea", "title", NULL };
static const char *const no_values[] = { "script", "style", "base", "meta", "link", "object",
    "embed", "iframe", "frame", "applet", "animate", "animatetransform", "animatemotion", "set",
    "use", NULL };
static const char *const urls[] = { "href", "src", "action", "formaction", "poster", "cite", "data",
    "background", "ping", "manifest", "longdesc", "xlink:href", "hx-get", "hx-post", "hx-put",
    "hx-patch", "hx-delete", "hx-push-url", NULL };
static const char *const no_value_attrs[] = { "style", "srcdoc", "srcset", "is", NULL };
static const char *const schemes[] = { "http", "https", "tel", NULL };

static bool is_url(const char *attr) { return among(attr, urls); }

/* A browser executes, or navigates by, what stands in this attribute of this element. */
static bool refuses_values(const struct html *html)
{
    return among(html->tag, no_values) || among(html->attr, no_value_attrs)
        || strncmp(html->attr, "on", 2) == 0
        || (strncmp(html->attr, "hx-", 3) == 0 && !is_url(html->attr));
}

static void name_add(char name[HTML_NAME], size_t *size, char c)
{
    if (*size + 1 < HTML_NAME) name[(*size)++] = lower(c);
    name[*size] = '\0';
}

static const char *tag_end(struct html *html)
{
    html->state = HTML_TEXT;
    if (!html->closing && among(html->tag, raw)) {
        html->state = HTML_RAW;
        html->raw_text = among(html->tag, raw_text);
        html->match = 0;
    }
    return NULL;
}

static const char *attr_begin(struct html *html, char c)
{
    if (c == '=' || c == '"' || c == '\'' || c == '<') return "a stray character inside a tag";
    html->attr_size = 0;
    name_add(html->attr, &html->attr_size, c);
    html->state = HTML_ATTR_NAME;
    return NULL;
}

static const char *attr_named(struct html *html)
{
    if (strcmp(html->attr, "style") == 0) return "a style attribute: use a class of ui/cunhuo.css";
    if (strncmp(html->attr, "on", 2) == 0) return "a script attribute: use ui/cunhuo.js";
    return NULL;
}

/* Between the attributes of a tag; `c` is what comes next. */
static const char *in_tag(struct html *html, char c)
{
    if (c == '>') return tag_end(html);
    html->state = HTML_IN_TAG;
    return space(c) || c == '/' ? NULL : attr_begin(html, c);
}

/* One literal character of an address. */
static const char *url_read(struct html *html, char c)
{
    if (html->url == URL_PART || html->url == URL_NOT) return NULL;
    if (c == '/' || c == '?' || c == '#') {
        html->url = URL_PART;
    } else if (c == ':') {
        if (html->scheme_unknown || !among(html->scheme, schemes))
            return "an address whose scheme is none of http, https, tel";
        html->url = URL_PART;
    } else {
        html->url = URL_SCHEME;
        name_add(html->scheme, &html->scheme_size, c);
    }
    return NULL;
}

static const char *value_begin(struct html *html, char c)
{
    if (space(c)) return NULL;
    if (c == '>') return "an attribute without its value";
    html->url = is_url(html->attr) ? URL_START : URL_NOT;
    html->scheme_size = 0;
    html->scheme_unknown = false;
    html->state = c == '"' || c == '\'' ? HTML_QUOTED : HTML_UNQUOTED;
    html->quote = c;
    return html->state == HTML_UNQUOTED ? url_read(html, c) : NULL;
}

/* Inside script, style, textarea ...: waits for "</tag" and what ends a tag's name. */
static const char *raw_read(struct html *html, char c)
{
    if (html->match == 2 + html->tag_size && (space(c) || c == '/' || c == '>')) {
        html->closing = true;
        html->state = HTML_IN_TAG;
        return c == '>' ? tag_end(html) : NULL;
    }
    bool next = html->match == 0 ? c == '<' : html->match == 1 ? c == '/'
              : html->match < 2 + html->tag_size && lower(c) == html->tag[html->match - 2];
    html->match = next ? html->match + 1 : c == '<';
    if (html->match == 0 && !html->raw_text && !space(c))
        return "script or style inside a page: it belongs into ui/";
    return NULL;
}

static const char *tag_open(struct html *html, char c)
{
    html->tag_size = html->attr_size = 0;
    html->tag[0] = html->attr[0] = '\0';
    if (c == '/' && !html->closing) {
        html->closing = true;
    } else if (letter(c)) {
        name_add(html->tag, &html->tag_size, c);
        html->state = HTML_TAG_NAME;
    } else if (c == '!' || c == '?' || html->closing) {
        html->state = HTML_MARKUP;
        html->match = c == '!' && !html->closing ? 0 : 3;   // 3: no comment any more
        if (c == '>') html->state = HTML_TEXT;
    } else {
        html->state = c == '<' ? HTML_TAG_OPEN : HTML_TEXT;
    }
    return NULL;
}

static void markup_read(struct html *html, char c)
{
    if (c == '>' && html->match < 2) html->state = HTML_TEXT;
    else if (html->match < 2) html->match = c == '-' ? html->match + 1 : 3;
    if (html->state == HTML_MARKUP && html->match == 2) {
        html->state = HTML_COMMENT;   // "<!-->" is one too
    } else if (html->match == 3 && c == '>') {
        html->state = HTML_TEXT;
    }
}

static void comment_read(struct html *html, char c)
{
    if (c == '>' && html->match >= 2) html->state = HTML_TEXT;
    if (c != '!' || html->match < 2) html->match = c == '-' ? html->match + 1 : 0;
}

static const char *value_read(struct html *html, char c)
{
    if (html->state == HTML_QUOTED && c == html->quote) {
        html->state = HTML_AFTER_VALUE;
        return NULL;
    }
    if (html->state == HTML_UNQUOTED && (space(c) || c == '>')) return in_tag(html, c);
    return url_read(html, c);
}

static const char *name_read(struct html *html, char c)
{
    bool ends = space(c) || c == '>' || c == '/' || c == '=';
    if (html->state == HTML_TAG_NAME) {
        if (ends) return in_tag(html, c);
        name_add(html->tag, &html->tag_size, c);
        return NULL;
    }
    if (html->state == HTML_ATTR_NAME && !ends) {
        name_add(html->attr, &html->attr_size, c);
        return NULL;
    }
    const char *wrong = html->state == HTML_ATTR_NAME ? attr_named(html) : NULL;
    if (wrong) return wrong;
    if (c == '=') html->state = HTML_BEFORE_VALUE;
    else if (space(c)) html->state = HTML_AFTER_NAME;
    else return in_tag(html, c);
    return NULL;
}

static const char *read_one(struct html *html, char c)
{
    switch (html->state) {
    case HTML_TEXT:
        if (c == '<') {
            html->state = HTML_TAG_OPEN;
            html->closing = false;
        }
        return NULL;
    case HTML_TAG_OPEN: return tag_open(html, c);
    case HTML_MARKUP: markup_read(html, c); return NULL;
    case HTML_COMMENT: comment_read(html, c); return NULL;
    case HTML_TAG_NAME: case HTML_ATTR_NAME: case HTML_AFTER_NAME: return name_read(html, c);
    case HTML_IN_TAG: case HTML_AFTER_VALUE: return in_tag(html, c);
    case HTML_JOINED:
        if (!space(c) && c != '>' && c != '/') return "a space is missing after the section";
        return in_tag(html, c);
    case HTML_BEFORE_VALUE: return value_begin(html, c);
    case HTML_QUOTED: case HTML_UNQUOTED: return value_read(html, c);
    case HTML_RAW: return raw_read(html, c);
    }
    return NULL;
}

const char *html_read(struct html *html, const char *text, size_t size, size_t *at)
{
    for (size_t i = 0; i < size; i++) {
        const char *wrong = read_one(html, text[i]);
        *at = i;
        if (wrong) return wrong;
    }
    return NULL;
}

const char *html_value(struct html *html, enum place *place)
{
    switch (html->state) {
    case HTML_TEXT: *place = PLACE_TEXT; return NULL;
    case HTML_RAW:
        *place = PLACE_TEXT;
        if (!html->raw_text) return "a value inside a script or style";
        return html->match ? "a value after \"</\"" : NULL;
    case HTML_TAG_OPEN: case HTML_TAG_NAME: return "a value in a tag's name";
    case HTML_MARKUP: case HTML_COMMENT: return "a value inside an HTML comment";
    case HTML_BEFORE_VALUE: case HTML_UNQUOTED: return "a value in an attribute without quotes";
    case HTML_IN_TAG: case HTML_ATTR_NAME: case HTML_AFTER_NAME: case HTML_AFTER_VALUE:
    case HTML_JOINED: return "a value as an attribute's name";
    case HTML_QUOTED: break;
    }
    if (refuses_values(html)) return "a value in an attribute that a browser executes";
    *place = html->url == URL_NOT ? PLACE_ATTR
           : html->url == URL_START ? PLACE_URL : PLACE_URL_PART;
    if (html->url == URL_START || html->url == URL_SCHEME) {
        html->url = URL_SCHEME;
        html->scheme_unknown = true;
    }
    return NULL;
}

const char *html_branch(const struct html *html)
{
    if (html->state == HTML_TAG_OPEN) return "a section after \"<\"";
    if (html->state == HTML_RAW && (!html->raw_text || html->match))
        return "a section inside a script or style";
    return NULL;
}

/* 1: between attributes; 2: after a name that the next character may continue; 0: neither. */
static int between(const struct html *html)
{
    switch (html->state) {
    case HTML_IN_TAG: case HTML_AFTER_VALUE: case HTML_AFTER_NAME: return 1;
    case HTML_TAG_NAME: case HTML_ATTR_NAME: case HTML_JOINED: return 2;
    default: return 0;
    }
}

const char *html_join(struct html *html, const struct html *before)
{
    bool same_tag = strcmp(html->tag, before->tag) == 0 && html->closing == before->closing;
    if (between(html) && between(before) && same_tag) {
        const char *wrong = html->state == HTML_ATTR_NAME ? attr_named(html) : NULL;
        html->state = between(html) == 2 || between(before) == 2 ? HTML_JOINED : HTML_IN_TAG;
        return wrong;
    }
    if (html->state != before->state) return "a section that ends inside another tag than it began";
    if (html->state != HTML_TEXT && !same_tag) return "a section that ends in another tag";
    switch (html->state) {
    case HTML_QUOTED: case HTML_UNQUOTED:
        if ( strcmp(html->attr, before->attr) != 0 || html->quote != before->quote)
            return "a section that ends in another attribute than it began";
        if (html->url != before->url || strcmp(html->scheme, before->scheme) != 0) {
            html->url = URL_SCHEME;
            html->scheme_unknown = true;
        }
        html->scheme_unknown |= before->scheme_unknown;
        return NULL;
    case HTML_RAW: case HTML_COMMENT: case HTML_MARKUP:
        return html->match == before->match ? NULL : "a section that ends elsewhere";
    case HTML_BEFORE_VALUE:
        return strcmp(html->attr, before->attr) ? "a section that ends elsewhere" : NULL;
    default: return NULL;
    }
}

bool html_whole(const struct html *html) { return html->state == HTML_TEXT; }
