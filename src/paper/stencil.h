/* stencil.h - jobs of label printers: plain text with {names} that are filled in.
 *
 * A stencil is a whole label of 100 x 150 mm in the printer's own language, for 203 dpi (8 dots a
 * millimetre). Where it says {village}, a value stands afterwards, cleaned of what the language
 * would take for a command. {township*} and the like are sizes: of a font that fits.
 *
 *   {sscc} 18 digits    {qr}       {line} {stop} {township} {village} {mark}
 *   {detail1} .. {detail4}         lines of the details
 *   {stop_y}                      where the stop's number stands in the middle of its field
 *   {line*} {stop*} {township*} {village*}   how large each may be: dots of a character's height in
 *                                 ZPL, times 24 dots in TSPL
 *
 * A county with other printers keeps its own stencil in its folder (papers.c of the bus). Printers'
 * own fonts lack rare characters: the PDF is right in every case. */
#ifndef CUNHUO_PAPER_STENCIL_H
#define CUNHUO_PAPER_STENCIL_H

#include <stddef.h>
#include "base/status.h"
#include "paper/pdf.h"

/* ZPL II as UTF-8; TSPL in GB18030, which is what its Chinese fonts read. */
enum stencil_language { STENCIL_ZPL, STENCIL_TSPL };

/* The stencil of this program. */
const char *stencil_zpl(void);
const char *stencil_tspl(void);

struct stencil_job;               // labels so far; free with stencil_free
MUST_USE struct stencil_job *stencil_new(enum stencil_language language, const char *stencil);
void stencil_free(struct stencil_job *job);   // NULL is fine

/* Adds a label. INVALID: as pdf_label, and a {name} that there is not. */
MUST_USE enum status stencil_add(struct stencil_job *job, const struct pdf_label *label,
                                 struct err *err);
/* The job's bytes, from malloc, now the caller's, in the printer's encoding; characters that
 * GB18030 has, it has all. BROKEN: no memory. */
MUST_USE enum status stencil_take(struct stencil_job *job, void **bytes, size_t *size);
#endif
