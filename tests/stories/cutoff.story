# The cut-off is an instant of the server's clock: nobody is moved to another day without being told.
county

story S1.5 complete at 22:59:59.999 is tonight's, at 23:00:00.000 tomorrow's
at 22:59:59.999
order villager1 1:2 key=last -> 200
keep
expect answer day = $day
at 23:00:00.000
wave is closed or published
order villager2 1:1 -> 409 field day
order villager2 1:1 day=+1 -> 200
expect answer day = ${day+1}
send POST /shop/orders/$code/cancel as villager2 {} -> 200
# A late repeat of what was in time is told what it was told; cancelling is over.
order villager1 1:2 key=last -> 200
expect same
send POST /shop/orders/$code/cancel as villager1 {} -> 409
send GET /shop/promise?village=$village&lines=$goods1:1 as nobody -> 200
expect answer day = ${day+1}
wait published
expect sql "SELECT count(*) FROM shop_order WHERE day = $day" = 1
expect sql "SELECT count(*) FROM shop_order AS o JOIN consignment AS c ON c.id = o.consignment_id
    JOIN trip_stop AS s ON s.id = c.stop_id WHERE o.day = $day AND s.arrives_ms <= o.due_ms" = 1

story S1.5 two hundred writers around the instant: each is in one wave, and in the one he was told
night 1
at 22:59:59.999
crowd 200 1:1,2:1 turning 23:00:00.000
print $taken were in time, $late came late
wait published
expect sql "SELECT count(*) FROM shop_order WHERE day = $day AND arrived_ms < $closes" >= $taken
expect sql "SELECT count(*) FROM shop_order WHERE day = $day AND arrived_ms >= $closes" = 0
expect sql "SELECT count(*) FROM shop_order WHERE day = ${day+1}" = $late
expect sql "SELECT count(*) FROM (SELECT consignment_id FROM shop_order GROUP BY 1
    HAVING count(*) > 1)" = 0
expect sql "SELECT closed_ms - closes_ms FROM wave WHERE day = $day" = 0

story S1.5 unpaid stock returns at the closing, and can be bought for the day after
night 2
at 22:59:00.000
order villager5 3:7 pay=later -> 200
expect sql "SELECT sum(held_out) FROM ledger_balance" = 7
at 23:00:00.000
expect sql "SELECT state = 'expired' FROM shop_order ORDER BY id DESC LIMIT 1" = 1
expect sql "SELECT sum(held_out) FROM ledger_balance" = 0
send POST /shop/orders/$code/pay as villager5 {"pay": "demo"} -> 409
wait published
check
