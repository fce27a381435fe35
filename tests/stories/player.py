"""player.py: reads story files and plays them. README.md has the language."""
import ast
import http.client
import json
import operator
import os
import re
import shlex
import shutil
import signal
import socket
import sqlite3
import subprocess
import tempfile
import threading
import time

PATIENCE_S = 60
PAUSE_S = 0.02
ZONE_MS = 8 * 3600 * 1000
DAY_MS = 24 * 3600 * 1000
OPERATORS = {"=": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le,
             ">": operator.gt, ">=": operator.ge}


class Wrong(Exception):
    """A step did not go as told."""


class Skip(Exception):
    """The file can't be played here."""


class Story:
    def __init__(self, path):
        self.path = path
        self.name = os.path.basename(path)
        self.before = []      # (line number, text) before the first test
        self.tests = []       # [name, steps]


def read(path):
    """A story; lines that begin with a space belong to the line before."""
    story = Story(path)
    steps = story.before
    with open(path, encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            line = line.rstrip()
            if not line.strip() or line.startswith("#"):
                continue
            if line.startswith("story "):
                steps = []
                story.tests.append((line[6:].strip(), steps))
            elif line.startswith(" ") and steps:
                steps[-1] = (steps[-1][0], steps[-1][1] + " " + line.strip())
            else:
                steps.append((number, line))
    if not story.tests:
        raise SystemExit("Bail out! %s tells no story" % path)
    return story


def play(story, scratch, top):
    """Yields (name, what went wrong or why it was skipped, whether it was skipped) of each test."""
    with tempfile.TemporaryDirectory(prefix=story.name, dir=scratch) as folder:
        stage = Stage(folder, top)
        try:
            why, skipped = attempt(stage, story, story.before)
            for name, steps in story.tests:
                if why:
                    yield name, why, skipped
                else:
                    yield (name, *attempt(stage, story, steps))
        finally:
            stage.stop(signal.SIGKILL)


def attempt(stage, story, steps):
    for number, text in steps:
        try:
            stage.do(text)
        except Skip as skip:
            return str(skip), True
        except (Wrong, OSError, sqlite3.Error, subprocess.SubprocessError, KeyError,
                ValueError) as wrong:
            return "%s:%d: %s\n%s: %s" % (story.name, number, text, type(wrong).__name__, wrong), \
                False
    return None, False


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body
        try:
            self.view = json.loads(body)
        except ValueError:
            self.view = {}

    def __str__(self):
        return "%s %s" % (self.status, self.body[:600].decode("utf-8", "replace"))


class Stage:
    """One county, its server and its clock."""

    def __init__(self, folder, top):
        self.folder, self.top = folder, top
        self.program = os.environ["CUNHUO"]
        self.server = self.port = self.county = None
        self.made = None              # what the rig says of its county
        self.night = 0
        self.names = {}               # $name in steps
        self.last = None              # the last answer
        self.report = {}
        self.keys = 0

    # ---- steps ----

    def do(self, text):
        words = shlex.split(text, posix=False)
        step = getattr(self, "do_" + words[0].replace("-", "_"), None)
        if step is None:
            raise Wrong("there is no step '%s'" % words[0])
        step(self.fill(text[len(words[0]):].strip()))

    def fill(self, text):
        """$name, ${name} and ${name+1}, of our names."""
        def value(match):
            known = self.names.get(match[1] or match[2])
            if known is None:
                raise Wrong("nothing is named '%s'" % match[0])
            return str(known + int(match[3]) if match[3] else known)
        return re.sub(r"\$(?:([a-z]\w*)|\{([a-z]\w*)([+-]\d+)?\})", value, text)

    def do_needs(self, rest):
        if not os.environ.get(rest):
            raise Skip("needs %s" % rest)
        self.names[rest.lower()] = os.environ[rest]

    def do_slow(self, _):
        if os.environ.get("CUNHUO_QUICK"):
            raise Skip("slow")

    def do_county(self, rest):
        """county [villages=6 people=300 goods=8 nights=8 stock=100000]"""
        given = dict(word.split("=") for word in rest.split())
        numbers = [given.get(name, otherwise) for name, otherwise in (
            ("villages", "6"), ("people", "300"), ("goods", "8"), ("nights", "8"),
            ("stock", "100000"))]
        rig = os.path.join(self.top, "build/tests/rig/rig")
        made = subprocess.run([rig, self.folder, "county", *numbers], capture_output=True,
                              timeout=PATIENCE_S, check=False)
        if made.returncode != 0:
            raise Wrong((made.stdout + made.stderr).decode())
        self.made = json.loads(made.stdout)
        self.county = self.names["folder"] = self.made["folder"]
        for number, goods in enumerate(self.made["goods"], 1):
            self.names["goods%d" % number] = goods["code"]
            self.names["price%d" % number] = goods["price_fen"]
        self.names["village"] = self.made["people"][0]["village"]
        self.set_night(0)
        self.start(self.county)

    def set_night(self, night):
        self.night = night
        self.names["day"] = self.made["day"] + night
        self.names["closes"] = self.instant("23:00:00.000")

    def do_night(self, rest):
        """night N: the evening before the delivery of day N"""
        self.set_night(int(rest))

    def do_at(self, rest):
        """at 22:59:59.999: the clock is turned there, and stands"""
        self.expect_status(self.turn(self.instant(rest)), ["200"])
        self.wait(self.settled, "the jobs that are due")

    def do_kill(self, rest):
        """kill [at TIME after N ms]: -9, and if TIME is said, while the clock is turned there"""
        match = re.match(r"at (\S+) after ([\d.]+) ms$", rest)
        if match:
            now_ms = self.instant(match[1])
            thread = threading.Thread(target=lambda: self.turn(now_ms, quiet=True))
            thread.start()
            time.sleep(float(match[2]) / 1000)   # the moment of death
            self.stop(signal.SIGKILL)
            thread.join()
        elif rest:
            raise Wrong("kill at TIME after N ms")
        self.stop(signal.SIGKILL)

    def do_stop(self, _):
        self.stop(signal.SIGTERM)

    def do_start(self, rest):
        """start [FOLDER]"""
        self.start(os.path.join(self.folder, rest) if rest else self.county)

    def do_restart(self, _):
        self.stop(signal.SIGTERM)
        self.start(self.county)

    def do_check(self, rest):
        """check [FOLDER]: cunhuo check finds it sound"""
        folder = os.path.join(self.folder, rest) if rest else self.county
        self.run([self.program, "check", folder])

    def do_run(self, rest):
        """run COMMAND ...: ends with 0; cunhuo is the program"""
        words = [self.program if word == "cunhuo" else word for word in shlex.split(rest)]
        self.run(words)

    def do_fails(self, rest):
        """fails CODE "TEXT" COMMAND ...: ends with CODE and says TEXT"""
        code, said, *words = shlex.split(rest)
        words = [self.program if word == "cunhuo" else word for word in words]
        done = subprocess.run(words, cwd=self.folder, capture_output=True, timeout=PATIENCE_S,
                              check=False)
        output = (done.stdout + done.stderr).decode("utf-8", "replace")
        if done.returncode != int(code) or said not in output:
            raise Wrong("exit %d: %s" % (done.returncode, output))

    def do_file(self, rest):
        """file NAME TEXT: \\n is a new line"""
        name, text = rest.split(" ", 1)
        path = os.path.join(self.folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(text.encode().decode("unicode_escape").encode("latin-1"))

    def do_clone(self, rest):
        """clone FOLDER: a fresh copy of what git tracks (or of the whole source)"""
        target = os.path.join(self.folder, rest)
        listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard", "-z"],
                                cwd=self.top, capture_output=True, check=False)
        if listed.returncode != 0:
            shutil.copytree(self.top, target, ignore=lambda at, names: [
                n for n in names if at == self.top and n.startswith(("build", ".git"))])
            return
        for name in filter(None, listed.stdout.decode().split("\0")):
            source = os.path.join(self.top, name)
            if os.path.isfile(source):
                os.makedirs(os.path.dirname(os.path.join(target, name)), exist_ok=True)
                shutil.copy2(source, os.path.join(target, name))

    def do_report(self, rest):
        """report FILE: its values are named `expect report NAME`"""
        with open(os.path.join(self.folder, rest), encoding="utf-8") as file:
            self.report = json.load(file)

    # ---- requests ----

    def do_order(self, rest):
        """order WHO GOODS:QTY,... [key=K pay=P day=+1 total=+1 note=N] -> STATUS [or STATUS]"""
        asked, expected = split_arrow(rest)
        who, lines, *options = asked.split()
        person = self.person(who)
        body, key = self.order_body(person, lines, dict(word.split("=", 1) for word in options))
        self.last = self.send("POST", "/shop/orders", person["token"], key, body)
        self.expect_answer(expected)
        if self.last.status == 200:
            self.names["code"] = self.last.view["code"]

    def order_body(self, person, lines, options):
        pairs = [(int(n) - 1, int(q)) for n, q in (pair.split(":") for pair in lines.split(","))]
        goods = self.made["goods"]
        total = sum(goods[n]["price_fen"] * q for n, q in pairs)
        return {
            "village": options.get("village", person["village"]),
            "day": self.names["day"] + int(options.get("day", 0)),
            "total_fen": total + int(options.get("total", 0)),
            "pay": options.get("pay", "demo"),
            "lines": [{"code": goods[n]["code"], "quantity": q} for n, q in pairs],
            **({"note": options["note"]} if "note" in options else {}),
        }, options.get("key") or self.new_key()

    def do_send(self, rest):
        """send METHOD PATH as WHO [key K] [JSON | raw PYTHON-BYTES] -> STATUS ...
        `raw` sends the bytes of a Python expression as JSON; `no key` sends none."""
        asked, expected = split_arrow(rest)
        match = re.match(r"(\S+) (\S+) as (\S+)(?: key (\S+)| (no key))?"
                         r"(?: raw (.+)| (\{.*))?$", asked)
        if not match:
            raise Wrong("send METHOD PATH as WHO ...")
        method, path, who, key, none, raw, body = match.groups()
        key = None if none or method == "GET" else key or self.new_key()
        data = python_bytes(raw) if raw else json.loads(body) if body else None
        self.last = self.send(method, path, self.person(who)["token"], key, data)
        self.expect_answer(expected)

    def do_leave(self, rest):
        """leave WHO GOODS:QTY key=K: orders, and hangs up at once"""
        who, lines, key = rest.split()
        person = self.person(who)
        body, _ = self.order_body(person, lines, {})
        data = json.dumps(body).encode()
        head = ("POST /shop/orders HTTP/1.1\r\nHost: story\r\nAuthorization: Bearer %s\r\n"
                "Idempotency-Key: %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n"
                "\r\n" % (person["token"], key.removeprefix("key="), len(data)))
        with socket.create_connection(("127.0.0.1", self.port), PATIENCE_S) as wire:
            wire.sendall(head.encode() + data)

    def do_crowd(self, rest):
        """crowd N GOODS:QTY turning TIME [meanwhile COMMAND]: N people order at once while the
        clock is turned there; each is told 200 or 409, and who was told 409 then orders for the
        next day.
        The command is run while they do, and ends with 0"""
        match = re.match(r"(\d+) (\S+) turning (\S+)(?: meanwhile (.+))?$", rest)
        count, lines, now_ms = int(match[1]), match[2], self.instant(match[3])
        people = self.made["people"][:count]
        bodies = [self.order_body(person, lines, {}) for person in people]
        answers = [None] * count
        gate = threading.Barrier(count + 1)

        def one(i):
            gate.wait()
            answers[i] = self.send("POST", "/shop/orders", people[i]["token"], bodies[i][1],
                                   bodies[i][0])
        threads = [threading.Thread(target=one, args=(i,)) for i in range(count)]
        for thread in threads:
            thread.start()
        gate.wait()
        if match[4]:
            self.do_run(match[4])
        time.sleep(0.01)   # some are there before the clock is turned, some after
        self.expect_status(self.turn(now_ms), ["200"])
        for thread in threads:
            thread.join()
        taken = sum(a.status == 200 for a in answers)
        late = [i for i, a in enumerate(answers) if a.status == 409]
        if taken + len(late) != count:
            raise Wrong("; ".join(str(a) for a in answers if a.status not in (200, 409))[:2000])
        for answer in answers:
            if answer.status == 200 and answer.view["day"] != self.names["day"]:
                raise Wrong("moved silently: %s" % answer)
        for i in late:
            body = dict(bodies[i][0], day=bodies[i][0]["day"] + 1)
            self.last = self.send("POST", "/shop/orders", people[i]["token"], self.new_key(), body)
            self.expect_status(self.last, ["200"])
        self.names["taken"], self.names["late"] = taken, len(late)

    def do_matrix(self, _):
        """every route that `cunhuo permissions` names, by every role and by nobody. A refusal that
        names a field is about the thing asked for (another's shelf), not about the role."""
        listed = self.run([self.program, "permissions"]).decode()
        wrong, asked = [], 0
        roles = self.made["roles"]
        for line in listed.splitlines():
            method, path, *named = line.split()
            path = re.sub(r"\{\w+\}", "987654321", path)
            if path == "/logout":
                continue   # would end the session; it asks for a key first, which we don't send
            for role, person in [(None, {"token": None}), *roles.items()]:
                answer = self.send(method, path, person["token"], None,
                                   {} if method == "POST" else None)
                asked += 1
                open_to = named == ["anyone"] or role and (named == ["logged_in"] or role in named)
                want = "401" if role is None else "403"
                refused = str(answer.status) in ("401", "403") and not answer.view.get("field")
                if (refused and open_to) or (not open_to and str(answer.status) != want):
                    wrong.append("%s %s as %s: %s" % (method, path, role or "nobody", answer))
        if wrong or asked < 100:
            raise Wrong("%d of %d answers are wrong:\n%s" % (len(wrong), asked, "\n".join(wrong)))

    # ---- what is so ----

    def do_wait(self, rest):
        """wait published"""
        if rest != "published":
            raise Wrong("wait published")
        self.wait(lambda: self.wave() == "published", "the plan")

    def do_wave(self, rest):
        """wave is open|closed|published"""
        allowed = rest.removeprefix("is ").split(" or ")
        if self.wave() not in allowed:
            raise Wrong("the wave is %s" % self.wave())

    def do_expect(self, rest):
        """expect sql "SELECT ..." OP NUMBER, expect body "TEXT" OP TIMES,
        expect report NAME [of NAME] OP NUMBER[%],
        expect answer NAME OP VALUE, expect same: as the answer named by keep"""
        if rest == "same":
            kept = self.names["kept"]
            if (kept.status, kept.body) != (self.last.status, self.last.body):
                raise Wrong("%s is not %s" % (self.last, kept))
            return
        match = re.match(r"(.+) (=|!=|<=?|>=?) (\S+)$", rest)
        if not match:
            raise Wrong("expect WHAT OP VALUE")
        got, wanted = self.value(match[1]), match[3]
        if isinstance(got, bool):
            got = str(got).lower()
        if wanted.endswith("%"):
            wanted = float(wanted[:-1]) / 100
        elif isinstance(got, (int, float)):
            wanted = type(got)(wanted)
        if not OPERATORS[match[2]](got, wanted):
            raise Wrong("it is %s" % got)

    def value(self, what):
        kind, rest = what.split(" ", 1)
        if kind == "sql":
            folder = self.county
            if rest.startswith("of "):   # sql of FOLDER "SELECT ..."
                _, name, rest = rest.split(" ", 2)
                folder = os.path.join(self.folder, name)
            with sqlite3.connect(os.path.join(folder, "county.db"), timeout=PATIENCE_S) as db:
                return db.execute(rest.strip('"')).fetchone()[0]
        if kind == "body":
            return self.last.body.decode("utf-8", "replace").count(rest.strip('"'))
        source = {"report": self.report, "answer": self.last and self.last.view}[kind]
        names = rest.split(" of ")
        values = [source[name] for name in names]
        return values[0] / values[1] if len(values) == 2 else values[0]

    def do_keep(self, _):
        """keep: the last answer, for `expect same`"""
        self.names["kept"] = self.last

    def do_print(self, rest):
        """print TEXT: as a comment"""
        print("# " + rest)

    # ---- the machine ----

    def instant(self, text):
        """22:59:59.999 of this night's evening, or +1 22:00 of a day later"""
        day, _, clock = text.rpartition(" ")
        hours, minutes, seconds = (clock + ":0").split(":")[:3]
        return (self.names["day"] - 1 + int(day or 0)) * DAY_MS - ZONE_MS \
            + (int(hours) * 60 + int(minutes)) * 60000 + round(float(seconds) * 1000)

    def person(self, who):
        """villager7, a role, admin of the night, or nobody"""
        match = re.match(r"villager(\d+)$", who)
        if match:
            return self.made["people"][int(match[1]) - 1]
        if who == "nobody":
            return {"token": None, "village": self.names.get("village")}
        return self.made["admins"][self.night] if who == "admin" else self.made["roles"][who]

    def new_key(self):
        self.keys += 1
        return "story-%d" % self.keys

    def run(self, words):
        done = subprocess.run(words, cwd=self.folder, capture_output=True, timeout=900, check=False)
        if done.returncode != 0:
            said = (done.stdout[-3000:] + done.stderr[-3000:]).decode("utf-8", "replace")
            raise Wrong("exit %d\n%s" % (done.returncode, said))
        return done.stdout

    def start(self, folder):
        self.county = folder
        with open(os.path.join(self.folder, "server.log"), "ab") as log:
            self.server = subprocess.Popen([self.program, "serve", folder, "--port", "0"],
                                           stdout=subprocess.PIPE, stderr=log)
        line = self.server.stdout.readline().decode()
        match = re.search(r"http://[\d.]+:(\d+)", line)
        if not match:
            raise Wrong("the server did not start: %s" % self.log())
        self.port = int(match[1])

    def log(self):
        with open(os.path.join(self.folder, "server.log"), encoding="utf-8",
                  errors="replace") as log:
            return log.read()[-2000:]

    def stop(self, how):
        if self.server:
            self.server.send_signal(how)
            self.server.wait()
            self.server.stdout.close()
            self.server = None

    def send(self, method, path, token, key, body):
        """One request on a connection of its own."""
        headers = {"Accept": "application/json"}
        if token:
            headers["Authorization"] = "Bearer " + token
        if key:
            headers["Idempotency-Key"] = key
        if body is not None:
            headers["Content-Type"] = "application/json"
            if not isinstance(body, bytes):
                body = json.dumps(body, ensure_ascii=False).encode()
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_S)
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            return Answer(answer.status, dict(answer.getheaders()), answer.read())
        finally:
            connection.close()

    def turn(self, now_ms, quiet=False):
        try:
            return self.send("POST", "/clock", self.person("admin")["token"], "turn-%d" % now_ms,
                             {"now": now_ms, "running": 0})
        except (OSError, http.client.HTTPException):
            if not quiet:
                raise
            return None

    def settled(self):
        return self.send("GET", "/clock", None, None, None).view.get("settled")

    def wave(self):
        path = "/bus/waves/%d" % self.names["day"]
        return self.send("GET", path, self.person("admin")["token"], None, None).view.get("state")

    def wait(self, ready, what):
        until = time.monotonic() + PATIENCE_S
        while not ready():
            if time.monotonic() > until:
                raise Wrong("%s did not come; the server says: %s" % (what, self.log()))
            time.sleep(PAUSE_S)

    def expect_status(self, answer, allowed):
        if str(answer.status) not in allowed:
            raise Wrong("answered %s" % answer)

    def expect_answer(self, expected):
        """-> 409 or 422 field NAME, text "..." """
        status, _, rest = expected.partition(" field ")
        self.expect_status(self.last, status.split(" or "))
        if rest and self.last.view.get("field") != rest.strip():
            raise Wrong("not about %s: %s" % (rest, self.last))


def python_bytes(expression):
    """The value of b"..." * N + b"...": nothing but literals, + and *."""
    def value(node):
        if isinstance(node, ast.Constant):
            return node.value
        if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Add, ast.Mult)):
            left, right = value(node.left), value(node.right)
            return left + right if isinstance(node.op, ast.Add) else left * right
        raise Wrong("no bytes: %s" % expression)
    return value(ast.parse(expression, mode="eval").body)


def split_arrow(text):
    asked, arrow, expected = text.rpartition(" -> ")
    if not arrow:
        raise Wrong("what is to be answered? -> STATUS")
    return asked.strip(), expected.strip()
