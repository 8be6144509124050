# SPDX-License-Identifier: MIT
"""SQLAlchemy's asyncio, with a real driver, on libgreenlet. Its own code awaits below ordinary calls; the events of asyncio go on meanwhile."""

import asyncio

import pytest

sqlalchemy = pytest.importorskip("sqlalchemy")
pytest.importorskip("aiosqlite")

from sqlalchemy import ForeignKey, select, text  # noqa: E402
from sqlalchemy.exc import IntegrityError, MissingGreenlet  # noqa: E402
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine  # noqa: E402
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship  # noqa: E402
from sqlalchemy.util import await_only, greenlet_spawn  # noqa: E402

import libgreenlet  # noqa: E402


class Base(DeclarativeBase):
    pass


class Author(Base):
    __tablename__ = "author"
    id: Mapped[int] = mapped_column(primary_key=True)
    books: Mapped[list["Book"]] = relationship()


class Book(Base):
    __tablename__ = "book"
    id: Mapped[int] = mapped_column(primary_key=True)
    author_id: Mapped[int] = mapped_column(ForeignKey("author.id"))


async def library(path):
    engine = create_async_engine(f"sqlite+aiosqlite:///{path / 'books.db'}")
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    sessions = async_sessionmaker(engine)
    async with sessions.begin() as session:
        session.add_all(Author(id=number, books=[Book(), Book()]) for number in range(1, 6))
    return engine, sessions


def test_it_uses_libgreenlet():
    from sqlalchemy.util import _concurrency_py3k

    assert issubclass(_concurrency_py3k._AsyncIoGreenlet, libgreenlet.greenlet)


def test_lazy_loads_wait_for_the_database(tmp_path):
    async def main():
        engine, sessions = await library(tmp_path)

        async def count(number):
            async with sessions() as session:
                author = await session.get(Author, number)
                return await session.run_sync(lambda _session: len(author.books))

        counts = await asyncio.gather(*(count(number) for number in range(1, 6)))
        await engine.dispose()
        return counts

    assert asyncio.run(main()) == [2] * 5


def test_an_error_of_the_database_is_raised_where_it_was_waited_for(tmp_path):
    async def main():
        engine, sessions = await library(tmp_path)
        async with sessions() as session:
            session.add(Author(id=1))
            with pytest.raises(IntegrityError):
                await session.commit()
            await session.rollback()
            authors = (await session.scalars(select(Author.id))).all()
        await engine.dispose()
        return authors

    assert asyncio.run(main()) == [1, 2, 3, 4, 5]


def test_waiting_outside_a_greenlet_is_refused(tmp_path):
    async def main():
        engine, sessions = await library(tmp_path)
        async with sessions() as session:
            author = await session.get(Author, 1)
            with pytest.raises(MissingGreenlet):
                len(author.books)
        await engine.dispose()

    asyncio.run(main())


def test_a_cancelled_task_is_cancelled_below(tmp_path):
    """The cancellation passes through ordinary calls, and so does what they do about it."""
    seen = []

    def below(event):
        try:
            await_only(event.wait())
        except asyncio.CancelledError:
            seen.append("cancelled")
            raise

    async def main():
        event = asyncio.Event()
        task = asyncio.ensure_future(greenlet_spawn(below, event))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())
    assert seen == ["cancelled"]


def test_many_connections_at_once(tmp_path):
    async def main():
        engine, _sessions = await library(tmp_path)

        async def one(number):
            async with engine.connect() as connection:
                return (await connection.execute(text("select :n"), {"n": number})).scalar()

        numbers = await asyncio.gather(*(one(number) for number in range(50)))
        await engine.dispose()
        return numbers

    assert asyncio.run(main()) == list(range(50))
