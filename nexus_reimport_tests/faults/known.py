"""The faults: what is wrong, what a run must say of it in its one line, and its exit code."""

from dataclasses import dataclass

from nexus_reimport_tests.faults.world import SECRET, Change, World

SETTING, SERVICE = 2, 1
NOWHERE = "/nowhere/at/all"


@dataclass(frozen=True)
class Fault:
    """`says`: words of the true cause. `before`, `after`: statements of a superuser around the run."""

    name: str
    change: Change
    says: str
    exit_code: int = SERVICE
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()


def _set(**values: str) -> Change:
    return lambda _: values


def _database(**changed: object) -> Change:
    return lambda world: {"NEXUS_DATABASE_URL": world.nexus(**changed)}  # type: ignore[arg-type]


def _dagster(**changed: object) -> Change:
    return lambda world: {"DAGSTER_PG_URL": world.dagster(**changed)}


def _at(setting: str, scheme: str, port: str) -> Change:
    return lambda world: {setting: f"{scheme}://127.0.0.1:{getattr(world, port)}"}


def _role(name: str, problem: str, says: str, *grants: str) -> Fault:
    """Return the fault of a role made for it, which has these rights alone."""

    def make(world: World) -> dict[str, str]:
        password = world.nexus().split(":")[2].split("@")[0]
        world.as_superuser(f"CREATE ROLE {name} LOGIN PASSWORD '{password}'", *grants)
        return {"NEXUS_DATABASE_URL": world.nexus(name)}

    return Fault(problem, make, says, after=(f"DROP OWNED BY {name}", f"DROP ROLE {name}"))


def _in_folder(setting: str, name: str, content: str | None = None) -> Change:
    def make(world: World) -> dict[str, str]:
        path = world.folder / name
        if content is not None:
            path.write_text(content)
        return {setting: str(path)}

    return make


NEXUS = (
    Fault("nexus: wrong password", _database(password=SECRET), "role and password"),
    Fault("nexus: no password", _database(password=""), "has none"),
    Fault("nexus: role not there", _database(role="nobody"), "role and password"),
    Fault("nexus: database not there", _database(database="nexsu"), "no database of the name"),
    Fault(
        "nexus: another database",
        lambda w: {"NEXUS_DATABASE_URL": w.nexus("dagster", database="dagster")},
        "another",
    ),
    Fault("nexus: host not there", _database(host="nexus.invalid"), "no host of the name"),
    Fault("nexus: port refuses", _database(port=1), "refuses the connection"),
    Fault("nexus: silent", lambda w: {"NEXUS_DATABASE_URL": w.nexus(port=w.silent)}, "nothing answers"),
    Fault("nexus: hangs up", lambda w: {"NEXUS_DATABASE_URL": w.nexus(port=w.hanging_up)}, "broke off"),
    Fault(
        "nexus: a web server",
        lambda w: {"NEXUS_DATABASE_URL": w.nexus(port=w.page)},
        "no PostgreSQL|broke off",
    ),
    Fault(
        "nexus: socket not there", _set(NEXUS_DATABASE_URL=f"postgresql:///nexus?host={NOWHERE}"), "socket"
    ),
    Fault("nexus: TLS asked for", _database(query="?sslmode=require"), "does not speak TLS"),
    Fault("nexus: sslmode misspelt", _database(query="?sslmode=verfy-full"), "sslmode", SETTING),
    Fault("nexus: option misspelt", _database(query="?connect_timout=3"), "take it apart", SETTING),
    Fault("nexus: percent sign", _database(password=f"50%{SECRET}"), "percent", SETTING),
    Fault("nexus: no scheme", _set(NEXUS_DATABASE_URL=f"me:{SECRET}@127.0.0.1/nexus"), "Expected", SETTING),
    Fault(
        "nexus: elsewhere without TLS", _database(host="db.example.org", query="?sslmode=disable"), "verify"
    ),
    _role("faulty_nothing", "nexus: role without rights", "lacks .*SELECT on "),
    _role(
        "faulty_reader",
        "nexus: role that only reads",
        "lacks .*INSERT on appointments",
        "GRANT SELECT ON ALL TABLES IN SCHEMA public TO faulty_reader",
    ),
    Fault(
        "nexus: read-only",
        _set(),
        "read-only",
        before=("ALTER ROLE nexus SET default_transaction_read_only = on",),
        after=("ALTER ROLE nexus RESET default_transaction_read_only",),
    ),
    Fault(
        "nexus: no login",
        _set(),
        "may not log in",
        before=("ALTER ROLE nexus NOLOGIN",),
        after=("ALTER ROLE nexus LOGIN",),
    ),
    Fault(
        "nexus: connections used up",
        _set(),
        "too many connections",
        before=("ALTER ROLE nexus CONNECTION LIMIT 0",),
        after=("ALTER ROLE nexus CONNECTION LIMIT -1",),
    ),
    Fault(
        "nexus: a column that is new",
        _set(),
        r"notes\.added: not expected",
        before=(
            "ALTER TABLE notes ADD COLUMN added text NOT NULL DEFAULT ''",
            "ALTER TABLE notes ALTER added DROP DEFAULT",
        ),
        after=("ALTER TABLE notes DROP COLUMN added",),
    ),
    Fault(
        "nexus: a table that is gone",
        _set(),
        "sms_messages: expected a table",
        before=("ALTER TABLE sms_messages RENAME TO sms_moved",),
        after=("ALTER TABLE sms_moved RENAME TO sms_messages",),
    ),
    Fault(
        "planner: wrong password",
        lambda w: {"NEXUS_READONLY_DATABASE_URL": w.nexus(password=SECRET)},
        "NEXUS_READONLY",
    ),
    Fault(
        "planner: port refuses", lambda w: {"NEXUS_READONLY_DATABASE_URL": w.nexus(port=1)}, "NEXUS_READONLY"
    ),
)
FILEMAKER = (
    Fault("filemaker: wrong password", _set(FILEMAKER_PASSWORD=SECRET), "Check the user name and password"),
    Fault("filemaker: wrong account", _set(FILEMAKER_USERNAME="nobody"), "Check the user name and password"),
    Fault("filemaker: database not there", _set(FILEMAKER_DATABASE="Clinci"), "FILEMAKER_DATABASE"),
    Fault(
        "filemaker: host not there", _set(FILEMAKER_HOST="https://filemaker.invalid"), "no host of this name"
    ),
    Fault("filemaker: port refuses", _set(FILEMAKER_HOST="http://127.0.0.1:1"), "refuses the connection"),
    Fault("filemaker: silent", _at("FILEMAKER_HOST", "http", "silent"), "timed out|nothing answers"),
    Fault("filemaker: hangs up", _at("FILEMAKER_HOST", "http", "hanging_up"), "broke off"),
    Fault("filemaker: a web page", _at("FILEMAKER_HOST", "http", "page"), "page"),
    Fault("filemaker: no TLS there", _at("FILEMAKER_HOST", "https", "page"), "does not speak TLS"),
    Fault(
        "filemaker: in clear", _set(FILEMAKER_HOST="http://filemaker.example.org"), "FILEMAKER_HOST", SETTING
    ),
    Fault("filemaker: authority not there", _set(FILEMAKER_CA_BUNDLE=NOWHERE), "FILEMAKER_CA_BUNDLE"),
)
FILES = (
    Fault("s3: bucket not there", _set(AWS_S3_BUCKET_NAME="clinic-flies"), "no bucket"),
    Fault("s3: no bucket's name", _set(AWS_S3_BUCKET_NAME="Not A Bucket"), "AWS_S3_BUCKET_NAME", SETTING),
    Fault("s3: host not there", _set(AWS_ENDPOINT_URL_S3="https://s3.invalid"), "no host of the name"),
    Fault("s3: port refuses", _set(AWS_ENDPOINT_URL_S3="http://127.0.0.1:1"), "refuses the connection"),
    Fault("s3: silent", _at("AWS_ENDPOINT_URL_S3", "http", "silent"), "does not answer in time"),
    Fault("s3: hangs up", _at("AWS_ENDPOINT_URL_S3", "http", "hanging_up"), "breaks off"),
    Fault("s3: a web page", _at("AWS_ENDPOINT_URL_S3", "http", "page"), "a page for people"),
    Fault("s3: in clear", _set(AWS_ENDPOINT_URL_S3="http://s3.example.org"), "AWS_ENDPOINT_URL_S3", SETTING),
    Fault("exports: no folder", _set(IMAGE_CSV_DIR=NOWHERE), "IMAGE_CSV_DIR"),
    Fault("exports: a file", _in_folder("IMAGE_CSV_DIR", "file", ""), "IMAGE_CSV_DIR"),
)
OURS = (
    Fault("storage: a file", _in_folder("NEXUS_REIMPORT_STORAGE", "file", ""), "a file, not a folder"),
    Fault(
        "storage: below a file",
        lambda w: {"NEXUS_REIMPORT_STORAGE": f"{w.folder}/file/x"},
        "a file, not a folder",
    ),
    Fault(
        "storage: can't be written", _set(NEXUS_REIMPORT_STORAGE="/proc/storage"), "NEXUS_REIMPORT_STORAGE"
    ),
    Fault(
        "storage: bucket not there", _set(NEXUS_REIMPORT_STORAGE="s3://no-such-bucket/x"), "no such bucket"
    ),
    Fault(
        "storage: unknown scheme", _set(NEXUS_REIMPORT_STORAGE="ftp://x/y"), "NEXUS_REIMPORT_STORAGE", SETTING
    ),
    Fault("dagster: home not there", _set(DAGSTER_HOME=NOWHERE), "DAGSTER_HOME", SETTING),
    Fault("dagster: home not whole", _set(DAGSTER_HOME="dagster"), "whole path", SETTING),
    Fault(
        "dagster: home without dagster.yaml",
        lambda w: {"DAGSTER_HOME": str(w.folder)},
        "no dagster.yaml",
        SETTING,
    ),
    Fault("dagster: wrong password", _dagster(password=SECRET), "Dagster's database .*role and password"),
    Fault("dagster: database not there", _dagster(database="dagsterr"), "no database of the name"),
    Fault("dagster: host not there", _dagster(host="dagster.invalid"), "no host of the name"),
    Fault("dagster: port refuses", _dagster(port=1), "refuses the connection"),
    Fault("dagster: silent", lambda w: {"DAGSTER_PG_URL": w.dagster(port=w.silent)}, "nothing answers"),
    Fault("setting: days in words", _set(NEXUS_REIMPORT_KEEP_DAYS="ninety"), "KEEP_DAYS", SETTING),
    Fault("setting: mappings not there", _set(NEXUS_REIMPORT_MAPPINGS=NOWHERE), "MAPPINGS", SETTING),
    Fault(
        "setting: mappings not TOML",
        _in_folder("NEXUS_REIMPORT_MAPPINGS", "m.toml", "a = ["),
        "MAPPINGS",
        SETTING,
    ),
    Fault("setting: region empty", _set(AWS_REGION=""), "AWS_REGION", SETTING),
    Fault("setting: host empty", _set(FILEMAKER_HOST=""), "FILEMAKER_HOST", SETTING),
)
FAULTS = (*NEXUS, *FILEMAKER, *FILES, *OURS)
