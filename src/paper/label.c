/* label.c - the label of a crate: read from three metres by eye, from one by scanner.
 *
 *   y   6  line ............ stop (white on black)      all in mm on 100 x 150
 *      28  township
 *      46  village, as large as it fits
 *      79  details ......... QR 27 x 27
 *     109  GS1-128 of the SSCC: 156 modules of 0.5 mm, 32 mm high (GS1 General Specifications,
 *          5.4 and table 5: logistic labels have modules of 0.495 mm at least, 31.75 mm high)
 *     142  the same in digits
 */
#include "paper/pdf.h"

#include <stdlib.h>
#include <string.h>
#include <zint.h>
#include "base/ids.h"
#include "paper/draw.h"

enum { SSCC_DIGITS = 18, QR_BYTES_MAX = 400, ZINT_ERRORS = 5 };   // below 5 are warnings
enum { MODULES = 156 };

/* Draws a symbol of zint, black, stretched into the box. */
static enum status symbol(struct pdf *pdf, int symbology, int mode, const char *text,
                          struct box box)
{
    struct zint_symbol *z = ZBarcode_Create();
    if (z == NULL) return BROKEN;
    z->symbology = symbology;
    z->input_mode = mode;
    z->show_hrt = 0;
    if (symbology == BARCODE_QRCODE) z->eci = 26;   // UTF-8
    int made = ZBarcode_Encode_and_Buffer_Vector(z, (const unsigned char *)text,
                                                 (int)strlen(text), 0);
    if (made < ZINT_ERRORS && z->vector) {
        double across = box.width / (double)z->vector->width * MM;
        double down = box.height / (double)z->vector->height * MM;
        for (const struct zint_vector_rect *r = z->vector->rectangles; r; r = r->next)
            cairo_rectangle(pdf->cr, box.x * MM + (double)r->x * across,
                            box.y * MM + (double)r->y * down, (double)r->width * across,
                            (double)r->height * down);
        cairo_fill(pdf->cr);
    }
    ZBarcode_Delete(z);
    return made < ZINT_ERRORS ? OK : BROKEN;
}

enum status pdf_label_check(const struct pdf_label *label, struct err *err)
{
    const char *s = label->sscc;
    if (s == NULL || strlen(s) != SSCC_DIGITS || strspn(s, "0123456789") != SSCC_DIGITS
        || gs1_digit(s, SSCC_DIGITS - 1) != s[SSCC_DIGITS - 1] - '0')
        return err_about(err, INVALID, "sscc", "Not an SSCC of 18 digits.", "%s", s ? s : "");
    if (label->qr == NULL || *label->qr == '\0' || strlen(label->qr) > QR_BYTES_MAX)
        return err_set(err, INVALID, "qr", "A QR code holds 1 to 400 bytes here.");
    TRY(pdf_text_check(label->qr, "qr", err));
    TRY(pdf_text_check(label->township, "township", err));
    TRY(pdf_text_check(label->village, "village", err));
    TRY(pdf_text_check(label->line, "line", err));
    TRY(pdf_text_check(label->stop, "stop", err));
    TRY(pdf_text_check(label->details, "details", err));
    return pdf_text_check(label->mark, "mark", err);
}

static void words(struct pdf *pdf, const struct pdf_label *label)
{
    const struct type large = { .pt = 120, .bold = true };
    pdf_text_fit(pdf, label->line, large, (struct box){ 4, 6, 58, 16 });
    if (label->stop && *label->stop) {
        pdf_fill(pdf, (struct box){ 66, 4, 30, 20 }, 0);
        cairo_set_source_rgb(pdf->cr, 1, 1, 1);
        pdf_text_fit(pdf, label->stop, (struct type){ 120, true, PDF_CENTRE },
                 (struct box){ 68, 6, 26, 16 });
        cairo_set_source_rgb(pdf->cr, 0, 0, 0);
    }
    pdf_rule(pdf, 4, 25.5, 96, 25.5, 0.5);
    pdf_text_fit(pdf, label->township, large, (struct box){ 4, 28, 92, 15 });
    pdf_text_fit(pdf, label->village, large, (struct box){ 4, 46, 92, 30 });
    pdf_rule(pdf, 4, 78.5, 96, 78.5, 0.5);

    double room_mm = 27 - (label->mark ? 6 : 0);
    PangoLayout *details = pdf_text_new(pdf, label->details, (struct type){ .pt = 11 }, 62);
    pango_layout_set_height(details, (int)(room_mm * MM * PANGO_SCALE));
    pango_layout_set_ellipsize(details, PANGO_ELLIPSIZE_END);
    pdf_text_draw(pdf, details, 4, 79.5);
    if (label->mark)
        pdf_text_fit(pdf, label->mark, (struct type){ .pt = 11, .bold = true },
                 (struct box){ 4, 102, 62, 4.5 });
}

enum status pdf_label(struct pdf *pdf, const struct pdf_label *label, struct err *err)
{
    TRY(pdf_label_check(label, err));
    char bars[SSCC_DIGITS + 5] = "[00]", digits[SSCC_DIGITS + 6] = "(00) ";
    memcpy(bars + 4, label->sscc, SSCC_DIGITS + 1);
    memcpy(digits + 5, label->sscc, SSCC_DIGITS + 1);

    pdf_page_begin(pdf, 100, 150);
    cairo_set_source_rgb(pdf->cr, 0, 0, 0);
    words(pdf, label);
    enum status qr = symbol(pdf, BARCODE_QRCODE, UNICODE_MODE, label->qr,
                            (struct box){ 68, 80, 27, 27 });
    const double width = MODULES * 0.5;
    enum status sscc = symbol(pdf, BARCODE_GS1_128, GS1_MODE, bars,
                              (struct box){ (100 - width) / 2, 109, width, 32 });
    pdf_text_fit(pdf, digits, (struct type){ 13, false, PDF_CENTRE },
                 (struct box){ 4, 142.5, 92, 5 });
    pdf_page_end(pdf);
    return qr != OK ? qr : sscc;
}
