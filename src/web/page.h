/* page.h - pages: Mustache text without raw output, read at start into a small array of ops.
 *
 *   {{name}} {{a.b}}        escaped for where it stands: text, quoted attribute, URL attribute
 *                           (href, src, action: the scheme must be http, https, tel or none)
 *   {{#rows}}…{{/rows}} {{^rows}}…{{/rows}} {{! comment }} {{>partial}} {{.}}
 *   {{_ Order by 23:00}}    words of the page, translated into the reader's language
 *   {{fen:price_fen}} {{time:ms}} {{date:ms}} {{kg:weight_g}} {{code:code}}   formatted values
 *                           (all in page_format.h); {{key:fresh}} a new idempotency key
 *
 * There is no way to put a value unescaped, into a script, a style, an unquoted attribute or a tag
 * name: such a page does not load (file:line says where). An unknown name is an error too: each
 * page has <page>.view.json beside it, an example of its view, against which it is checked when
 * built (docs/pages.md). A page begins with <title> or <h1>; others are fragments, drawn bare.
 * The core follows the Mustache specification (mustache/spec) except raw output, set-delimiters and
 * missing names. */
#ifndef CUNHUO_WEB_PAGE_H
#define CUNHUO_WEB_PAGE_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>
#include "base/status.h"

struct arena;
struct pages;

/* Loads all pages that are built in (or from `folder` in development, not NULL: read again when a
 * file changes). Layout: every page is drawn inside ui/layout.html as {{>content}}.
 * INVALID: err says file and line. */
MUST_USE enum status pages_load(const char *folder, struct pages **out, struct err *err);
void pages_free(struct pages *pages);

/* Draws `view` by the page of this name ("shop/home"), in language `lang`, zone for times.
 * `out` is in the arena. INVALID: no such page, or the view lacks a name. */
MUST_USE enum status page_draw(struct pages *pages, const char *name, const char *lang,
                               int32_t zone_s, const json_t *view, struct arena *arena,
                               const char **out, size_t *size, struct err *err);

/* Words in a language: the msgid itself in English, or where there is no translation. */
const char *words(const char *lang, const char *msgid);

/* A file built into the program ("ui/cunhuo.css"): bytes, size, media type, a strong ETag (hash).
 * NULL: none of this name. */
struct asset { const char *path, *type, *etag; const unsigned char *bytes; size_t size; };
const struct asset *asset_find(const char *path);
#endif
