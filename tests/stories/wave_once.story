# kill -9 around 23:00:00.000: the wave closes once, on the instant, with the same orders.
county

story S2.1 killed while the clock strikes, and once more while it plans
at 22:58
order villager1 1:1 -> 200
order villager2 2:3,4:1 -> 200
order villager3 1:1 pay=later -> 200
kill at 23:00:00.000 after 0 ms
start
at 23:00:00.000
kill
start
wait published
expect sql "SELECT count(*) FROM people_audit WHERE what = 'wave.close' AND about_id = $day" = 1
expect sql "SELECT count(*) FROM plan WHERE day = $day" = 1
expect sql "SELECT closed_ms - closes_ms FROM wave WHERE day = $day" = 0
expect sql "SELECT count(*) FROM consignment WHERE day = $day AND state = 'planned'" = 2
expect sql "SELECT count(*) FROM shop_order WHERE day = $day AND state = 'expired'" = 1

story S2.1 killed a few milliseconds after the stroke
night 1
at 22:58
order villager1 1:1 -> 200
kill at 23:00:00.000 after 4 ms
start
at 23:00:00.000
order villager2 1:1 -> 409
wait published
expect sql "SELECT count(*) FROM people_audit WHERE what = 'wave.close' AND about_id = $day" = 1
expect sql "SELECT count(*) FROM consignment WHERE day = $day AND state = 'planned'" = 1

story S2.1 killed when the plan is about to be published
night 2
at 22:58
order villager1 1:1 -> 200
kill at 23:00:00.000 after 300 ms
start
at 23:00:00.000
wait published
restart
wave is published
expect sql "SELECT count(*) FROM plan WHERE day = $day" = 1
expect sql "SELECT count(*) FROM unit WHERE day = $day AND kind = 'bag'" = 1

story S2.1 the dispatcher closes early with a reason, and the clock does not close it again
night 3
at 22:30
order villager1 1:1 -> 200
send POST /bus/waves/$day/close as admin {} -> 422 field reason
wave is open
send POST /bus/waves/$day/close as admin {"reason": "snow"} -> 200
order villager2 1:1 -> 409
send POST /bus/waves/$day/close as admin {"reason": "snow"} -> 409
at 23:00:00.000
wait published
expect sql "SELECT count(*) FROM people_audit WHERE what = 'wave.close' AND about_id = $day" = 1
expect sql "SELECT count(*) FROM plan WHERE day = $day" = 1
check
