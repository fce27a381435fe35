/* draw.h - a page and text on it, for the files of this folder. Positions in mm from top left. */
#ifndef CUNHUO_PAPER_DRAW_H
#define CUNHUO_PAPER_DRAW_H

#include <cairo.h>
#include <pango/pango.h>
#include <stdbool.h>
#include <stddef.h>
#include "base/status.h"
#include "paper/pdf.h"

#define MM (72.0 / 25.4)          // of cairo's points

struct pdf {
    cairo_surface_t *surface;
    cairo_t *cr;
    unsigned char *bytes;
    size_t size, room, pages, unknown_glyphs;
    bool broken, ended;           // broken: out of memory while writing
};

/* A new page of this size; the one before is complete. */
void pdf_page_begin(struct pdf *pdf, double width_mm, double height_mm);
void pdf_page_end(struct pdf *pdf);

struct type { double pt; bool bold; enum pdf_align align; };

/* A paragraph, `width_mm` wide (0: one line, as wide as it is). g_object_unref it. */
PangoLayout *pdf_text_new(struct pdf *pdf, const char *text, struct type type, double width_mm);
double pdf_text_height_mm(PangoLayout *layout);
/* Draws it and gives it back. */
void pdf_text_draw(struct pdf *pdf, PangoLayout *layout, double x_mm, double y_mm);

/* One line as large as fits into the box, at most type.pt, in the middle of its height. */
struct box { double x, y, width, height; };
void pdf_text_fit(struct pdf *pdf, const char *text, struct type type, struct box box);

void pdf_fill(struct pdf *pdf, struct box box, double grey);    // 0 black .. 1 white
void pdf_rule(struct pdf *pdf, double x, double y, double x_to, double y_to, double width_mm);

/* What pdf_label says of its label. */
MUST_USE enum status pdf_label_check(const struct pdf_label *label, struct err *err);

/* INVALID: not UTF-8 (NULL is fine). */
MUST_USE enum status pdf_text_check(const char *text, const char *field, struct err *err);
#endif
