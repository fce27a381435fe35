/* tspl.c - a crate's label for TSC's printers and those that speak TSPL, the most of what is sold
 * in China.
 *
 * TSS24.BF2 is the simplified Chinese font in their ROM, 24 dots a character, enlarged 1 to 10
 * times; it reads GB18030's two-byte characters. Bars are EAN128 at 4 dots a module: 0.5 mm, 256
 * dots high. */
#include "paper/stencil.h"

static const char tspl[] =
    "SIZE 100 mm,150 mm\n"
    "GAP 3 mm,0 mm\n"
    "DIRECTION 1\n"
    "CLS\n"
    "TEXT 32,48,\"TSS24.BF2\",0,{line*},{line*},\"{line}\"\n"
    "TEXT 544,40,\"TSS24.BF2\",0,{stop*},{stop*},\"{stop}\"\n"
    "REVERSE 528,32,240,160\n"
    "BAR 32,202,736,4\n"
    "TEXT 32,222,\"TSS24.BF2\",0,{township*},{township*},\"{township}\"\n"
    "TEXT 32,372,\"TSS24.BF2\",0,{village*},{village*},\"{village}\"\n"
    "BAR 32,626,736,4\n"
    "TEXT 32,644,\"TSS24.BF2\",0,1,1,\"{detail1}\"\n"
    "TEXT 32,684,\"TSS24.BF2\",0,1,1,\"{detail2}\"\n"
    "TEXT 32,724,\"TSS24.BF2\",0,1,1,\"{detail3}\"\n"
    "TEXT 32,764,\"TSS24.BF2\",0,1,1,\"{detail4}\"\n"
    "TEXT 32,812,\"TSS24.BF2\",0,1,1,\"{mark}\"\n"
    "QRCODE 560,640,M,8,A,0,\"{qr}\"\n"
    "BARCODE 88,872,\"EAN128\",256,0,0,4,4,\"00{sscc}\"\n"
    "TEXT 176,1140,\"3\",0,1,1,\"(00) {sscc}\"\n"
    "PRINT 1,1\n";

const char *stencil_tspl(void) { return tspl; }
