/* pdf.c - the document, its bytes, and text in a page. */
#include "paper/pdf.h"

#include <assert.h>
#include <cairo-pdf.h>
#include <errno.h>
#include <fcntl.h>
#include <pango/pangocairo.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/text.h"
#include "paper/draw.h"

static cairo_status_t take(void *of, const unsigned char *bytes, unsigned int size)
{
    struct pdf *pdf = of;
    if (pdf->room - pdf->size < size) {
        size_t room = 2 * pdf->room + size + 4096;
        unsigned char *moved = realloc(pdf->bytes, room);
        if (moved == NULL) return CAIRO_STATUS_WRITE_ERROR;
        pdf->bytes = moved;
        pdf->room = room;
    }
    memcpy(pdf->bytes + pdf->size, bytes, size);
    pdf->size += size;
    return CAIRO_STATUS_SUCCESS;
}

enum status pdf_new(const char *title, int64_t made_ms, struct pdf **out)
{
    struct pdf *pdf = calloc(1, sizeof *pdf);
    if (pdf == NULL) return BROKEN;
    char made[TIME_TEXT];
    time_print(made_ms / SECOND_MS * SECOND_MS, ZONE_CHINA_S, made);
    pdf->surface = cairo_pdf_surface_create_for_stream(take, pdf, 210 * MM, 297 * MM);
    cairo_pdf_surface_set_metadata(pdf->surface, CAIRO_PDF_METADATA_TITLE, title);
    cairo_pdf_surface_set_metadata(pdf->surface, CAIRO_PDF_METADATA_CREATE_DATE, made);
    cairo_pdf_surface_set_metadata(pdf->surface, CAIRO_PDF_METADATA_CREATOR, "cunhuo");
    pdf->cr = cairo_create(pdf->surface);
    if (cairo_status(pdf->cr) != CAIRO_STATUS_SUCCESS) {
        pdf_free(pdf);
        return BROKEN;
    }
    *out = pdf;
    return OK;
}

void pdf_free(struct pdf *pdf)
{
    if (pdf == NULL) return;
    cairo_destroy(pdf->cr);
    cairo_surface_destroy(pdf->surface);
    free(pdf->bytes);
    free(pdf);
}

enum status pdf_end(struct pdf *pdf, const void **bytes, size_t *size, struct err *err)
{
    if (pdf->pages == 0) return err_set(err, INVALID, "pdf", "There is nothing to print.");
    if (!pdf->ended) {
        pdf->ended = true;
        cairo_status_t drawn = cairo_status(pdf->cr);
        cairo_surface_finish(pdf->surface);
        pdf->broken = drawn != CAIRO_STATUS_SUCCESS
                   || cairo_surface_status(pdf->surface) != CAIRO_STATUS_SUCCESS;
    }
    if (pdf->broken) return BROKEN;
    *bytes = pdf->bytes;
    *size = pdf->size;
    return OK;
}

enum status pdf_take(struct pdf *pdf, void **bytes, size_t *size, struct err *err)
{
    const void *whole;
    TRY(pdf_end(pdf, &whole, size, err));
    *bytes = pdf->bytes;
    pdf->bytes = NULL;
    pdf->size = pdf->room = 0;
    return OK;
}

static bool write_all(int file, const unsigned char *bytes, size_t size)
{
    while (size > 0) {
        ssize_t written = write(file, bytes, size);
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) return false;
        bytes += written;
        size -= (size_t)written;
    }
    return true;
}

enum status pdf_save(const struct pdf *pdf, const char *path, struct err *err)
{
    assert(pdf->ended);
    char part[4096];
    int length = snprintf(part, sizeof part, "%s.part", path);
    if (length < 0 || (size_t)length >= sizeof part)
        return err_about(err, INVALID, "path", "This name is too long.", "%s", path);
    int file = open(part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (file < 0)
        return err_about(err, INVALID, "path", "This file can't be written.", "%s: %s", part,
                         strerror(errno));
    bool written = write_all(file, pdf->bytes, pdf->size);
    written = close(file) == 0 && written;
    if (!written || rename(part, path) != 0) {
        int reason = errno;
        unlink(part);
        return err_about(err, INVALID, "path", "This file can't be written.", "%s: %s", path,
                         strerror(reason));
    }
    return OK;
}

size_t pdf_pages(const struct pdf *pdf) { return pdf->pages; }
size_t pdf_unknown_glyphs(const struct pdf *pdf) { return pdf->unknown_glyphs; }

void pdf_page_begin(struct pdf *pdf, double width_mm, double height_mm)
{
    assert(!pdf->ended);
    cairo_pdf_surface_set_size(pdf->surface, width_mm * MM, height_mm * MM);
    pdf->pages++;
}

void pdf_page_end(struct pdf *pdf)
{
    cairo_show_page(pdf->cr);
}

PangoLayout *pdf_text_new(struct pdf *pdf, const char *text, struct type type, double width_mm)
{
    static const PangoAlignment aligned[] = {
        [PDF_LEFT] = PANGO_ALIGN_LEFT, [PDF_RIGHT] = PANGO_ALIGN_RIGHT,
        [PDF_CENTRE] = PANGO_ALIGN_CENTER,
    };
    PangoLayout *layout = pango_cairo_create_layout(pdf->cr);
    PangoContext *context = pango_layout_get_context(layout);
    pango_cairo_context_set_resolution(context, 72);   // a point of type is one of the page
    pango_context_set_language(context, pango_language_from_string("zh-CN"));
    PangoFontDescription *font = pango_font_description_new();
    pango_font_description_set_family_static(font, "Noto Sans CJK SC");
    pango_font_description_set_weight(font, type.bold ? PANGO_WEIGHT_BOLD : PANGO_WEIGHT_NORMAL);
    pango_font_description_set_size(font, (int)(type.pt * PANGO_SCALE));
    pango_layout_set_font_description(layout, font);
    pango_font_description_free(font);
    if (width_mm > 0) {
        pango_layout_set_width(layout, (int)(width_mm * MM * PANGO_SCALE));
        pango_layout_set_wrap(layout, PANGO_WRAP_WORD_CHAR);
    }
    pango_layout_set_alignment(layout, aligned[type.align]);
    pango_layout_set_text(layout, text ? text : "", -1);
    return layout;
}

double pdf_text_height_mm(PangoLayout *layout)
{
    int width, height;
    pango_layout_get_size(layout, &width, &height);
    return height / (double)PANGO_SCALE / MM;
}

void pdf_text_draw(struct pdf *pdf, PangoLayout *layout, double x_mm, double y_mm)
{
    pdf->unknown_glyphs += (size_t)pango_layout_get_unknown_glyphs_count(layout);
    cairo_move_to(pdf->cr, x_mm * MM, y_mm * MM);
    pango_cairo_show_layout(pdf->cr, layout);
    g_object_unref(layout);
}

void pdf_text_fit(struct pdf *pdf, const char *text, struct type type, struct box box)
{
    if (text == NULL || *text == '\0') return;
    PangoLayout *layout = pdf_text_new(pdf, text, type, 0);
    PangoRectangle ink;   // what is black, without the space that a line keeps around it
    pango_layout_set_single_paragraph_mode(layout, TRUE);
    pango_layout_get_extents(layout, &ink, NULL);
    const double unit = PANGO_SCALE * MM, ink_width = ink.width / unit;
    const double ink_height = ink.height / unit;
    double wide = ink_width > 0 ? box.width / ink_width : 1;
    double high = ink_height > 0 ? box.height / ink_height : 1;
    double scale = wide < high ? wide : high;
    if (scale > 1) scale = 1;
    double spare = box.width - ink_width * scale;
    double left = type.align == PDF_CENTRE ? spare / 2 : type.align == PDF_RIGHT ? spare : 0;
    double down = (box.height - ink_height * scale) / 2;
    cairo_save(pdf->cr);
    cairo_translate(pdf->cr, (box.x + left) * MM, (box.y + down) * MM);
    cairo_scale(pdf->cr, scale, scale);
    pdf_text_draw(pdf, layout, -ink.x / unit, -ink.y / unit);
    cairo_restore(pdf->cr);
}

void pdf_fill(struct pdf *pdf, struct box box, double grey)
{
    cairo_save(pdf->cr);
    cairo_set_source_rgb(pdf->cr, grey, grey, grey);
    cairo_rectangle(pdf->cr, box.x * MM, box.y * MM, box.width * MM, box.height * MM);
    cairo_fill(pdf->cr);
    cairo_restore(pdf->cr);
}

void pdf_rule(struct pdf *pdf, double x, double y, double x_to, double y_to, double width_mm)
{
    cairo_set_line_width(pdf->cr, width_mm * MM);
    cairo_move_to(pdf->cr, x * MM, y * MM);
    cairo_line_to(pdf->cr, x_to * MM, y_to * MM);
    cairo_stroke(pdf->cr);
}

enum status pdf_text_check(const char *text, const char *field, struct err *err)
{
    if (text == NULL || text_valid(text, strlen(text))) return OK;
    return err_set(err, INVALID, field, "This text is not UTF-8.");
}
