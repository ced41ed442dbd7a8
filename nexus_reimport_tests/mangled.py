"""Connection URLs as people mangle them, each with a secret somewhere inside."""

SECRET = "hunter2XYZZY"  # noqa: S105 - nobody's

MANGLED = [
    f"postgresql+psycopg2://me:{SECRET}@db.example.org/nexus",
    f"postgresql+asyncpg://me:{SECRET}@db.example.org/nexus",
    f"postgresql://me:50%{SECRET}@db.example.org/nexus",
    f"postgresql://me:{SECRET}%@db.example.org/nexus",
    f"postgresql://me:{SECRET}%00@db.example.org/nexus",
    f"postgresql//me:{SECRET}@db.example.org/nexus",
    f"postgresql:/me:{SECRET}@db.example.org/nexus",
    f"POSTGRESQL://me:{SECRET}@db.example.org/nexus",
    f"me:{SECRET}@db.example.org/nexus",
    f"db.example.org user=me password={SECRET}",
    f"host=db.example.org user=me password={SECRET}",
    f"postgresql://me:{SECRET} @db.example.org/nexus",
    f"postgresql://me: {SECRET}@db.example.org/nexus",
    f" postgresql://me:{SECRET}@db.example.org/nexus",
    f'"postgresql://me:{SECRET}@db.example.org/nexus"',
    f"postgresql://me:{SECRET}@[db.example.org/nexus",
    f"postgresql://me:x@[{SECRET}/nexus",
    f"postgresql://me:x/{SECRET}@db.example.org/nexus",
    f"postgresql://me:12/{SECRET}@db.example.org/nexus",
    f"postgresql://me:x@{SECRET}@db.example.org/nexus",
    f"postgresql://me:x@db.example.org:{SECRET}/nexus",
    f"postgresql://me:x@db.example.org/nexus?{SECRET}",
    f"postgresql://me:x@db.example.org/nexus?pasword={SECRET}",
    f"postgresql://me:x@db.example.org/nexus?sslmode={SECRET}",
    f"mysql://me:{SECRET}@db.example.org/nexus",
    f"https://me:{SECRET}@db.example.org/nexus",
    f"postgresql://me:{SECRET}\n@db.example.org/nexus",
]
