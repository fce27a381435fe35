/* ends.c - where ways begin and end, on arcs. */
#include "road/ends.h"

#include "road/measure.h"

static uint32_t share_of(uint32_t whole, uint32_t part)
{
    return (uint32_t)((uint64_t)whole * part >> 32);
}

static struct end end_on(const struct road *road, const struct road_state *state,
    enum road_profile profile, const struct road_snap *snap, int towards)
{
    uint32_t count = stretch_segments(road, snap->stretch), shut_after = 0;
    bool along = towards == FORWARD;
    struct end end = {
        .arc = 2 * snap->stretch + (uint32_t)towards,
        .segment = along ? snap->segment : count - 1 - snap->segment,
        .part = along ? snap->part : ~snap->part, .stands = true,
    };
    for (uint32_t i = 0; i < count; i++) {
        uint32_t segment = along ? i : count - 1 - i;
        uint32_t cs = state_segment_cs(road, state, snap->stretch, segment, towards, profile);
        uint32_t dm = segment_dm(road, snap->stretch, segment);
        bool shut = cs == ARC_CLOSED;
        if (i == end.segment && shut) end.stands = false;
        else if (i < end.segment) end.shut_before += shut;
        else shut_after += shut;
        if (shut) continue;
        uint32_t cs_here = i < end.segment ? cs : i > end.segment ? 0 : share_of(cs, end.part);
        uint32_t dm_here = i < end.segment ? dm : i > end.segment ? 0 : share_of(dm, end.part);
        end.before += cost_of(cs_here, dm_here);
        end.after += cost_of(cs - cs_here, dm - dm_here);
    }
    end.arrives = end.stands && end.shut_before == 0;
    end.departs = end.stands && shut_after == 0;
    return end;
}

struct ends ends_of(const struct road *road, const struct road_state *state,
    enum road_profile profile, const struct road_snap *snap)
{
    struct ends ends = {0};
    assert(snap->stretch < road->stretches
        && snap->segment < stretch_segments(road, snap->stretch));
    for (int towards = FORWARD; towards <= BACKWARD; towards++)
        if (arc_speed(road, 2 * snap->stretch + (uint32_t)towards, profile))
            ends.on[ends.count++] = end_on(road, state, profile, snap, towards);
    return ends;
}

const struct end *ends_on_arc(const struct ends *ends, uint32_t arc)
{
    for (int e = 0; e < ends->count; e++) if (ends->on[e].arc == arc) return &ends->on[e];
    return NULL;
}

int64_t ends_straight(const struct end *from, const struct end *to)
{
    bool ahead = from->segment < to->segment
        || (from->segment == to->segment && from->part <= to->part);
    if (from->arc != to->arc || !ahead || !from->stands || !to->stands
        || from->shut_before != to->shut_before) return NOWHERE;
    return to->before - from->before;
}
