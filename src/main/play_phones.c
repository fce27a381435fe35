/* play_phones.c - phones keep their acts until they have a signal, then send them in one batch. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "main/play.h"

enum { BATCH = 200 };

struct phone { const struct actor *actor; json_t *acts; };
struct phones { struct play *play; struct phone *at; size_t count; };

struct phones *phones_new(struct play *play)
{
    struct phones *phones = calloc(1, sizeof *phones);
    if (phones == NULL) return NULL;
    phones->play = play;
    phones->at = calloc(play->actor_count, sizeof *phones->at);
    if (phones->at) return phones;
    free(phones);
    return NULL;
}

void phones_free(struct phones *phones)
{
    if (phones == NULL) return;
    for (size_t i = 0; i < phones->count; i++) json_decref(phones->at[i].acts);
    free(phones->at);
    free(phones);
}

void phone_act(struct phones *phones, const struct actor *as, json_t *act)
{
    size_t i = 0;
    while (i < phones->count && phones->at[i].actor != as) i++;
    if (i == phones->count) phones->at[phones->count++] = (struct phone){ as, json_array() };
    json_array_append_new(phones->at[i].acts, act);
}

static void count_refused(struct phones *phones, const json_t *answer, const struct actor *as)
{
    size_t i;
    json_t *row;
    json_array_foreach(json_object_get(answer, "answers"), i, row) {
        if (strcmp(json_string_value(json_object_get(row, "result")), "refused") != 0) continue;
        phones->play->refused_acts++;
        fprintf(stderr, "demo: an act of %s was refused: %s %s\n", as->name,
                json_string_value(json_object_get(row, "text")),
                json_string_value(json_object_get(row, "detail")));
    }
}

static void flush_one(struct phones *phones, struct caller *caller, struct phone *phone)
{
    size_t total = json_array_size(phone->acts);
    for (size_t first = 0; first < total; first += BATCH) {
        json_t *batch = json_array(), *answer = NULL;
        char key[64];
        for (size_t i = first; i < total && i < first + BATCH; i++)
            json_array_append(batch, json_array_get(phone->acts, i));
        snprintf(key, sizeof key, "acts-%lld", (long long)++phones->play->batches);
        int status = caller_send(caller, phone->actor, "/bus/acts", key,
                                 json_pack("{s:o}", "acts", batch), &answer);
        if (status != 200) {
            phones->play->refused_acts++;
            char *text = json_dumps(answer, JSON_COMPACT | JSON_ENCODE_ANY);
            fprintf(stderr, "demo: acts of %s: %d %s\n", phone->actor->name, status,
                    text ? text : "");
            free(text);
        }
        count_refused(phones, answer, phone->actor);
        json_decref(answer);
    }
    json_array_clear(phone->acts);
}

void phones_flush(struct phones *phones, struct caller *caller, const struct actor *only)
{
    for (size_t i = 0; i < phones->count; i++)
        if (json_array_size(phones->at[i].acts) > 0 && (!only || phones->at[i].actor == only))
            flush_one(phones, caller, &phones->at[i]);
}
