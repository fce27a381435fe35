"""route_peer.py pyvrp|vroom FILE ROUND SECONDS SEED: one peer's run; prints one JSON object.

Run by bench/route in the peers' own virtual environment. Both get the problem from PyVRP's reader.
VROOM gets it where its model can say it: no optional clients, reloads, releases or duration limits.
Its time limit is rough, and it has no seed. Costs too high for it are scaled down; what its routes
cost is added up here, unscaled. Costs are PyVRP's: unit distance, fixed, prizes left."""
import datetime
import json
import sys
import time

import pyvrp

NO_LIMIT = 2**31


def solve_pyvrp(data, seconds, seed):
    began = time.perf_counter()
    result = pyvrp.solve(data, pyvrp.stop.MaxRuntime(seconds), seed=seed, collect_stats=False,
                         display=False)
    took = time.perf_counter() - began
    feasible = result.is_feasible()
    return {"cost": result.cost() if feasible else None, "feasible": feasible, "seconds": took,
            "iterations": result.num_iterations, "routes": result.best.num_routes()}


def cannot_say(data):
    types, clients = data.vehicle_types(), data.clients()
    if any(not c.required or c.release_time > 0 or c.group is not None for c in clients):
        return "optional clients or releases"
    if any(t.reload_depots for t in types):
        return "reloads"
    if any(t.shift_duration < NO_LIMIT or t.max_distance < NO_LIMIT for t in types):
        return "limits on duration or distance"
    return None


def windows(vroom, early, late):
    return [vroom.TimeWindow(early, late)] if late < NO_LIMIT else []


def bounded(matrix):
    """Arcs that aren't there become long enough that nobody takes one."""
    there = matrix[matrix < NO_LIMIT]
    return matrix.clip(max=50 * there.max()) if there.size < matrix.size else matrix


def vroom_input(vroom, data, scale):
    """The problem, and each vehicle's type."""
    problem = vroom.Input()
    profiles, kinds = {}, []
    load = sum(sum(c.delivery) or sum(c.pickup) for c in data.clients())
    for kind in data.vehicle_types():
        key = (kind.profile, kind.unit_distance_cost)
        name = profiles.setdefault(key, "p%d" % len(profiles))
        # More vehicles than could be needed only slow it down.
        count = min(kind.num_available, 2 * load // max(1, sum(kind.capacity)) + 20) \
            if load else kind.num_available
        for _ in range(count):
            problem.add_vehicle(vroom.Vehicle(
                len(kinds), start=data.depots()[kind.start_depot].location,
                end=data.depots()[kind.end_depot].location, profile=name,
                capacity=kind.capacity, costs=vroom.VehicleCosts(fixed=kind.fixed_cost // scale),
                time_window=(windows(vroom, kind.tw_early, kind.tw_late) or [None])[0]))
            kinds.append(kind)
    for (profile, unit), name in profiles.items():
        problem.set_durations_matrix(name, bounded(data.duration_matrix(profile)))
        problem.set_costs_matrix(name, unit * bounded(data.distance_matrix(profile)) // scale)
    for i, c in enumerate(data.clients()):
        problem.add_job(vroom.Job(i, c.location, default_service=c.service_duration,
                                  delivery=vroom.Amount(c.delivery), pickup=vroom.Amount(c.pickup),
                                  time_windows=windows(vroom, c.tw_early, c.tw_late)))
    for i, s in enumerate(data.shipments()):
        ends = [vroom.ShipmentStep(i, e.location, default_service=e.service_duration,
                                   time_windows=windows(vroom, e.tw_early, e.tw_late))
                for e in (s.pickup, s.delivery)]
        problem.add_shipment(ends[0], ends[1], vroom.Amount(s.amount))
    return problem, kinds


def route_cost(data, kind, steps):
    way = [step["location_index"] for step in steps]
    matrix = data.distance_matrix(kind.profile)
    return int(kind.fixed_cost +
               kind.unit_distance_cost * sum(matrix[a, b] for a, b in zip(way, way[1:])))


def solve_vroom(data, seconds):
    why = cannot_say(data)
    if why:
        return {"note": why}
    import vroom
    began = time.perf_counter()
    for scale in (1, 10, 100, 1000):
        problem, kinds = vroom_input(vroom, data, scale)
        try:
            found = problem.solve(exploration_level=5, nb_threads=1,
                                  timeout=datetime.timedelta(seconds=seconds)).to_dict()
            break
        except vroom._vroom.VroomInputException as error:   # of costs that are too high
            if scale == 1000:
                return {"note": str(error)}
    took = time.perf_counter() - began
    feasible = not found["unassigned"]
    return {"cost": sum(route_cost(data, kinds[r["vehicle"]], r["steps"])
                        for r in found["routes"]) if feasible else None,
            "feasible": feasible, "seconds": took, "iterations": None,
            "routes": len(found["routes"])}


def main():
    peer, path, rounding, seconds, seed = sys.argv[1:]
    data = pyvrp.read(path, rounding)
    answer = solve_pyvrp(data, float(seconds), int(seed)) if peer == "pyvrp" \
        else solve_vroom(data, float(seconds))
    print(json.dumps(answer))


main()
