/* cunhuo.js - what pages do a little better with script; all of them work without it (ES5).
 *
 * Countdown: <time data-until="ms" data-now="ms"> counts down by the server's clock: data-now is
 * what it was when the page was drawn, so that a phone whose clock is wrong shows the right rest.
 *
 * Keys: a form that is sent twice (a double tap, or once more after the line broke) carries the same
 * idempotency key, and counts once. The key of what was sent is kept until another page comes. */
(function () {
    'use strict';
    var loaded = Date.now(), each = Array.prototype.forEach;

    function two(n) { return (n < 10 ? '0' : '') + n; }

    function clock(ms) {
        var s = Math.max(0, Math.ceil(ms / 1000)), h = Math.floor(s / 3600);
        return (h ? h + ':' + two(Math.floor(s / 60) % 60) : Math.floor(s / 60)) + ':' + two(s % 60);
    }

    function tick(clocks) {
        var gone = Date.now() - loaded;
        each.call(clocks, function (time) {
            var now = Number(time.getAttribute('data-now')) + gone;
            var left = Number(time.getAttribute('data-until')) - now;
            time.textContent = clock(left);
            time.className = left < 600000 ? 'soon' : '';
        });
    }

    var clocks = document.querySelectorAll('time[data-until][data-now]');
    if (clocks.length) {
        tick(clocks);
        setInterval(function () { tick(clocks); }, 1000);
    }

    /* What a form would send, without its key. */
    function fields(form) {
        var text = form.getAttribute('action') || '';
        each.call(form.elements, function (field) {
            var off = (field.type === 'radio' || field.type === 'checkbox') && !field.checked;
            if (field.name && field.name !== 'key' && !off)
                text += '&' + encodeURIComponent(field.name) + '=' + encodeURIComponent(field.value);
        });
        return text;
    }

    var here = location.pathname + location.search, store = null;
    try {
        store = window.sessionStorage;
        var old = JSON.parse(store.getItem('sent') || 'null');
        if (old && old.page !== here) store.removeItem('sent');
    } catch (e) { store = null; }   // private windows of old browsers

    function keep(form, key) {
        if (!store) return;
        try {
            var sent = JSON.parse(store.getItem('sent') || 'null'), what = fields(form);
            if (sent && sent.page === here && sent.fields === what) key.value = sent.key;
            store.setItem('sent', JSON.stringify({ page: here, fields: what, key: key.value }));
        } catch (e) { return; }
    }

    function buttons(form, off) {
        each.call(form.querySelectorAll('button'), function (button) { button.disabled = off; });
    }

    document.addEventListener('submit', function (event) {
        var form = event.target, key = form.elements.key;
        if (form.method !== 'post' || !key) return;
        keep(form, key);
        setTimeout(function () { buttons(form, true); }, 0);       // after the form is sent
        setTimeout(function () { buttons(form, false); }, 15000);  // no answer: may try again
    });
    window.addEventListener('pageshow', function () {
        each.call(document.querySelectorAll('form'), function (form) { buttons(form, false); });
    });
}());
