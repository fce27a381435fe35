/* table.c - a table over as many A4 pages as it needs.
 *
 * Rows are measured once (pango breaks their lines), laid on pages, then drawn, so that each page
 * knows how many there are. */
#include "paper/pdf.h"

#include <stdio.h>
#include <stdlib.h>
#include "base/text.h"
#include "paper/draw.h"

#define MARGIN 12.0
#define PAD 1.2                   // between a cell's edge and its text
#define FOOT 8.0                  // kept free for the foot
#define TYPE_PT 10.0
#define HEAD_PT 9.0

struct sheet {
    struct pdf *pdf;
    const struct pdf_table *table;
    double width, height;                          // of the page
    double left[PDF_TABLE_COLUMNS_MAX + 1];        // edges of the columns, the last one too
    double head_height;
    double *row_height;
    size_t pages;
};

static double column_width(const struct sheet *s, size_t c) { return s->left[c + 1] - s->left[c]; }

static enum status check(const struct pdf_table *table, struct err *err)
{
    if (table->column_count == 0 || table->column_count > PDF_TABLE_COLUMNS_MAX)
        return err_set(err, INVALID, "columns", "A table has 1 to 24 columns.");
    if (table->row_count > PDF_TABLE_ROWS_MAX)
        return err_set(err, INVALID, "rows", "Too many rows for a printed table.");
    TRY(pdf_text_check(table->title, "title", err));
    TRY(pdf_text_check(table->facts, "facts", err));
    TRY(pdf_text_check(table->foot, "foot", err));
    TRY(pdf_text_check(table->mark, "mark", err));
    for (size_t i = 0; i < table->column_count; i++)
        TRY(pdf_text_check(table->columns[i].head, "head", err));
    for (size_t i = 0; i < table->row_count * table->column_count; i++)
        TRY(pdf_text_check(table->cells[i], "cells", err));
    return OK;
}

static enum status edges(struct sheet *s, struct err *err)
{
    double fixed = 0, shared = 0;
    for (size_t c = 0; c < s->table->column_count; c++) {
        double width = s->table->columns[c].width_mm;
        fixed += width;
        shared += width <= 0;
    }
    double room = s->width - 2 * MARGIN - fixed;
    if (room < shared * 10)
        return err_set(err, INVALID, "columns", "The columns are wider than the page.");
    s->left[0] = MARGIN;
    for (size_t c = 0; c < s->table->column_count; c++) {
        double width = s->table->columns[c].width_mm;
        s->left[c + 1] = s->left[c] + (width > 0 ? width : room / shared);
    }
    return OK;
}

static PangoLayout *cell(const struct sheet *s, size_t row, size_t c)
{
    const struct pdf_column *column = &s->table->columns[c];
    struct type type = { column->type_pt > 0 ? column->type_pt : TYPE_PT, column->type_pt > TYPE_PT,
                         column->align };
    return pdf_text_new(s->pdf, s->table->cells[row * s->table->column_count + c], type,
                    column_width(s, c) - 2 * PAD);
}

static PangoLayout *head_cell(const struct sheet *s, size_t c)
{
    const struct pdf_column *column = &s->table->columns[c];
    return pdf_text_new(s->pdf, column->head, (struct type){ HEAD_PT, true, column->align },
                    column_width(s, c) - 2 * PAD);
}

static void grow(double *height, PangoLayout *layout)
{
    double needed = pdf_text_height_mm(layout) + 2 * PAD;
    if (needed > *height) *height = needed;
    g_object_unref(layout);
}

static void measure(struct sheet *s)
{
    for (size_t c = 0; c < s->table->column_count; c++) grow(&s->head_height, head_cell(s, c));
    for (size_t r = 0; r < s->table->row_count; r++)
        for (size_t c = 0; c < s->table->column_count; c++)
            grow(&s->row_height[r], cell(s, r, c));
}

/* Height of what stands over the table's head, drawn or only measured. */
static double top(const struct sheet *s, bool first, bool draw)
{
    double y = MARGIN, mark_width = s->table->mark ? 30 : 0;
    double width = s->width - 2 * MARGIN;
    struct type type = { first ? 18 : 12, true, PDF_LEFT };
    PangoLayout *title = pdf_text_new(s->pdf, s->table->title, type, width - mark_width);
    double title_height = pdf_text_height_mm(title);
    if (draw) pdf_text_draw(s->pdf, title, MARGIN, y);
    else g_object_unref(title);
    if (draw && s->table->mark)
        pdf_text_fit(s->pdf, s->table->mark, (struct type){ 12, true, PDF_RIGHT },
                 (struct box){ s->width - MARGIN - mark_width, y, mark_width, 8 });
    y += title_height + 1;
    if (first && s->table->facts) {
        type = (struct type){ .pt = 10.5 };
        PangoLayout *facts = pdf_text_new(s->pdf, s->table->facts, type, width);
        double height = pdf_text_height_mm(facts);
        if (draw) pdf_text_draw(s->pdf, facts, MARGIN, y);
        else g_object_unref(facts);
        y += height + 1;
    }
    return y + 1;
}

/* Rows from `row` that fit on a page, at least one. */
static size_t rows_of_page(const struct sheet *s, size_t row, bool first)
{
    double room = s->height - MARGIN - FOOT - top(s, first, false) - s->head_height;
    size_t end = row;
    while (end < s->table->row_count && (room >= s->row_height[end] || end == row))
        room -= s->row_height[end++];
    return end - row;
}

static void draw_row(const struct sheet *s, double y, double height, size_t row, bool head)
{
    size_t columns = s->table->column_count;
    if (head)
        pdf_fill(s->pdf, (struct box){ MARGIN, y, s->left[columns] - MARGIN, height }, 0.88);
    for (size_t c = 0; c < columns; c++) {
        PangoLayout *text = head ? head_cell(s, c) : cell(s, row, c);
        pdf_text_draw(s->pdf, text, s->left[c] + PAD, y + (height - pdf_text_height_mm(text)) / 2);
    }
    for (size_t c = 0; c <= columns; c++)
        pdf_rule(s->pdf, s->left[c], y, s->left[c], y + height, 0.15);
    pdf_rule(s->pdf, MARGIN, y + height, s->left[columns], y + height, 0.15);
}

static void foot(const struct sheet *s, size_t page)
{
    char number[48];
    snprintf(number, sizeof number, "%zu / %zu", page, s->pages);
    struct box box = { MARGIN, s->height - MARGIN - 4, s->width - 2 * MARGIN, 5 };
    pdf_text_fit(s->pdf, number, (struct type){ 9, false, PDF_RIGHT }, box);
    box.width -= 25;
    pdf_text_fit(s->pdf, s->table->foot, (struct type){ .pt = 9 }, box);
}

static void draw(struct sheet *s)
{
    size_t row = 0;
    for (size_t page = 1; page <= s->pages; page++) {
        size_t rows = rows_of_page(s, row, page == 1);
        pdf_page_begin(s->pdf, s->width, s->height);
        cairo_set_source_rgb(s->pdf->cr, 0, 0, 0);
        double y = top(s, page == 1, true);
        pdf_rule(s->pdf, MARGIN, y, s->left[s->table->column_count], y, 0.3);
        draw_row(s, y, s->head_height, 0, true);
        y += s->head_height;
        for (size_t end = row + rows; row < end; y += s->row_height[row++])
            draw_row(s, y, s->row_height[row], row, false);
        foot(s, page);
        pdf_page_end(s->pdf);
    }
}

enum status pdf_table(struct pdf *pdf, const struct pdf_table *table, struct err *err)
{
    struct sheet s = { .pdf = pdf, .table = table, .width = table->landscape ? 297 : 210,
                       .height = table->landscape ? 210 : 297 };
    TRY(check(table, err));
    TRY(edges(&s, err));
    s.row_height = calloc(table->row_count + 1, sizeof *s.row_height);
    if (s.row_height == NULL) return BROKEN;
    measure(&s);
    size_t row = 0;
    do {
        row += rows_of_page(&s, row, s.pages == 0);
        s.pages++;
    } while (row < table->row_count);
    draw(&s);
    free(s.row_height);
    return OK;
}
