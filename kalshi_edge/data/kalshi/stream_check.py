"""Whether the stream leaves something out: what it tells against what is asked for now and then."""

from collections.abc import Iterable, Mapping

from kalshi_edge.domain.market import Book


class CrossCheck:
    """Remembers the last answers, and whose change the stream should have told since.

    One difference proves nothing, for the stream may be a moment behind; that it has said nothing
    at all by the next question, half an hour later, does.
    """

    def __init__(self) -> None:
        self._answers: dict[str, Book] = {}
        self._suspects: frozenset[str] = frozenset()

    def untold(self, known: Mapping[str, Book], answers: Iterable[Book]) -> frozenset[str]:
        """The markets of whose change the stream has not said a word since the last question.

        ``known`` is what was known when ``answers`` came: of a market that the stream was silent
        about it is still the last answer.
        """
        silent = {ticker for ticker, book in self._answers.items() if known.get(ticker) is book}
        untold, before = self._suspects & silent, self._answers
        self._answers = {book.ticker: book for book in answers}
        self._suspects = frozenset(
            ticker
            for ticker, book in self._answers.items()
            if ticker in silent and _levels(book) != _levels(before[ticker])
        )
        return untold


def _levels(book: Book) -> object:
    return book.bids, book.asks
