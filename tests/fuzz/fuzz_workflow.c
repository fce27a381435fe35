/* fuzz: workflow layer=case runs=30000 max_len=1024 */
#include <stdlib.h>
#include <string.h>
#include "base/arena.h"
#include "case/definition.h"
#include "case/workflow.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);
    struct workflow *w = NULL;
    struct err err = { 0 };
    if (text == NULL) abort();
    if (size) memcpy(text, data, size);
    text[size] = '\0';
    enum status read = workflow_parse("f", text, &w, &err);
    if (read == OK) {   // every move leads from somewhere to somewhere, and somebody may make it
        for (size_t i = 0; i < w->move_count; i++)
            if (!w->moves[i].from || !w->moves[i].roles || w->moves[i].to >= w->state_count)
                abort();
        if (workflow_sound(w, "f", &err) != OK) abort();
        workflow_free(w);
    } else if (read != INVALID || err.text == NULL || strncmp(err.detail, "f:", 2) != 0) {
        abort();
    }
    free(text);
    return 0;
}
