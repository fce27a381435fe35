/* zpl.c - a crate's label for Zebra's printers and those that speak ZPL II.
 *
 * ^CI28 is UTF-8. SIMSUN.FNT is the name that Zebra's simplified Chinese font pack has on the
 * printer; ^FH_ lets a value spell its commands' signs as _5E. Bars are Code 128 in subset C with
 * FNC1 (>;>8) at 4 dots a module: 0.5 mm, and 256 dots high: 32 mm (GS1 General Specifications,
 * table 5). */
#include "paper/stencil.h"

static const char zpl[] =
    "^XA\n"
    "^CI28^PW800^LL1200^LH0,0\n"
    "^FO32,48^A@N,{line*},{line*},E:SIMSUN.FNT^FH_^FD{line}^FS\n"
    "^FO528,32^GB240,160,160,B^FS\n"
    "^FO528,{stop_y}^A@N,{stop*},{stop*},E:SIMSUN.FNT^FR^FB240,1,0,C^FH_^FD{stop}^FS\n"
    "^FO32,202^GB736,4,4^FS\n"
    "^FO32,222^A@N,{township*},{township*},E:SIMSUN.FNT^FH_^FD{township}^FS\n"
    "^FO32,372^A@N,{village*},{village*},E:SIMSUN.FNT^FH_^FD{village}^FS\n"
    "^FO32,626^GB736,4,4^FS\n"
    "^FO32,644^A@N,28,28,E:SIMSUN.FNT^FH_^FD{detail1}^FS\n"
    "^FO32,684^A@N,28,28,E:SIMSUN.FNT^FH_^FD{detail2}^FS\n"
    "^FO32,724^A@N,28,28,E:SIMSUN.FNT^FH_^FD{detail3}^FS\n"
    "^FO32,764^A@N,28,28,E:SIMSUN.FNT^FH_^FD{detail4}^FS\n"
    "^FO32,812^A@N,32,32,E:SIMSUN.FNT^FH_^FD{mark}^FS\n"
    "^FO560,640^BQN,2,8^FH_^FDMA,{qr}^FS\n"
    "^FO88,872^BY4^BCN,256,N,N,N,N^FD>;>800{sscc}^FS\n"
    "^FO32,1140^A0N,40,36^FB736,1,0,C^FD(00) {sscc}^FS\n"
    "^XZ\n";

const char *stencil_zpl(void) { return zpl; }
