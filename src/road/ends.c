/* ends.c - where ways begin and end, on arcs. */
#include "road/ends.h"

#include "road/measure.h"

static uint32_t share_of(uint32_t whole, uint32_t part)
{
    return (uint32_t)((uint64_t)whole * part >> 32);
}

/* Cost of the segments from `first` to before `last` in the direction of travel: all are open. */
static int64_t cost_between(const struct road *road, const struct road_state *state,
    enum road_profile profile, uint32_t arc, uint32_t first, uint32_t last)
{
    uint32_t stretch = arc >> 1, count = stretch_segments(road, stretch);
    int64_t cost = 0;
    for (uint32_t i = first; i < last; i++) {
        uint32_t segment = arc_towards(arc) == FORWARD ? i : count - 1 - i;
        cost += cost_of(
            state_segment_cs(road, state, stretch, segment, arc_towards(arc), profile),
            segment_dm(road, stretch, segment));
    }
    return cost;
}

/* On an arc that is open all along, whose cost is known, the shorter side is measured. */
static void measure_open(const struct road *road, const struct road_state *state,
    enum road_profile profile, uint32_t arc_cs, struct end *end)
{
    uint32_t count = stretch_segments(road, end->arc >> 1), at = end->segment;
    int64_t whole = cost_of(arc_cs, road->stretch_dm[end->arc >> 1]);
    int64_t own = cost_between(road, state, profile, end->arc, at, at + 1);
    int64_t here = cost_of(share_of(cost_cs(own), end->part), share_of(cost_dm(own), end->part));
    if (at < count - 1 - at) {
        end->before = cost_between(road, state, profile, end->arc, 0, at) + here;
        end->after = whole - end->before;
    } else {
        end->after = cost_between(road, state, profile, end->arc, at + 1, count) + own - here;
        end->before = whole - end->after;
    }
    end->arrives = end->departs = true;
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
    uint32_t arc_cs = state_times(road, state, profile)[end.arc];
    if (arc_cs < ARC_CS_MAX) {
        measure_open(road, state, profile, arc_cs, &end);
        return end;
    }
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
