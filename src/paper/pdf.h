/* pdf.h - what is printed: lists on A4 and labels of 100 x 150 mm, as a PDF.
 *
 * A document is made, filled with tables and labels page by page, and ended; its bytes are the
 * document's until pdf_free. The same input gives the same bytes: dates are the caller's. Text is
 * UTF-8 as it is to be read (translated by the caller), set in "Noto Sans CJK SC" by pango; it
 * stays text in the file, so that it can be searched and copied. Lengths are millimetres, type in
 * points.
 *
 * Costs: about 0.1 s for the first document of a process (fonts), then about 1 ms a label and 5 ms
 * a page of a table; up to 80 MB for fonts. So documents are drawn outside of the writer, in one
 * thread that lives on. A document belongs to one thread at a time. */
#ifndef CUNHUO_PAPER_PDF_H
#define CUNHUO_PAPER_PDF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/status.h"

struct pdf;

enum { PDF_TABLE_COLUMNS_MAX = 24, PDF_TABLE_ROWS_MAX = 100000 };

/* `title` and `made_ms` go into the file's properties. BROKEN: no memory. Free with pdf_free. */
MUST_USE enum status pdf_new(const char *title, int64_t made_ms, struct pdf **out);
void pdf_free(struct pdf *pdf);   // NULL is fine

enum pdf_align { PDF_LEFT, PDF_RIGHT, PDF_CENTRE };
struct pdf_column {
    const char *head;
    double width_mm;              // 0: shares what the others leave
    enum pdf_align align;
    double type_pt;               // 0: 10 pt; more for what is read from afar
};
struct pdf_table {
    const char *title;            // on top of each page
    const char *facts;            // lines under the title of the first page: driver, day; NULL
    const struct pdf_column *columns;
    size_t column_count;
    const char *const *cells;     // row by row, column_count each; NULL: empty
    size_t row_count;
    const char *foot;             // bottom left of each page, beside "2 / 5"; NULL: none
    const char *mark;             // top right of each page: "copy 2"; NULL: none
    bool landscape;
};
/* One or more A4 pages; the head is repeated on each, a row is never cut unless it is higher than a
 * page. No rows is a page with the head. INVALID: no columns or too many, columns wider than the
 * page, too many rows, text that is not UTF-8. */
MUST_USE enum status pdf_table(struct pdf *pdf, const struct pdf_table *table, struct err *err);

struct pdf_label {
    const char *sscc;             // 18 digits (GS1 SSCC); the bars are GS1-128 with (00) before it
    const char *qr;               // what a phone reads
    const char *township, *village;   // in very large type
    const char *line, *stop;      // "3号线", "12"
    const char *details;          // some lines in small type: date, contents, piece 2 of 5; NULL
    const char *mark;             // "copy 2"; NULL: none
};
/* One page of 100 x 150 mm. INVALID: sscc is not 18 digits or its check digit is wrong, no qr, qr
 * longer than 400 bytes, text that is not UTF-8. */
MUST_USE enum status pdf_label(struct pdf *pdf, const struct pdf_label *label, struct err *err);

/* Ends the document; after that only pdf_free. The bytes are the document's. INVALID: no page was
 * drawn. */
MUST_USE enum status pdf_end(struct pdf *pdf, const void **bytes, size_t *size, struct err *err);
/* The same, and the bytes are the caller's: free them. */
MUST_USE enum status pdf_take(struct pdf *pdf, void **bytes, size_t *size, struct err *err);
/* Writes the bytes of an ended document whole: under another name first, then renamed. */
MUST_USE enum status pdf_save(const struct pdf *pdf, const char *path, struct err *err);

size_t pdf_pages(const struct pdf *pdf);
/* Characters drawn so far for which no font has a picture: 0 where fonts-noto-cjk is installed. */
size_t pdf_unknown_glyphs(const struct pdf *pdf);
#endif
