"""What decisions are made from, each thing held once: facts, account, rules, kill switch, watch."""

from dataclasses import dataclass, field

from kalshi_edge.learning.evidence_ledger import EvidenceLedger
from kalshi_edge.portfolio.account import Account
from kalshi_edge.trading.circuit_breakers import CircuitBreakers
from kalshi_edge.trading.kill_switch import KillSwitch
from kalshi_edge.trading.playbook import Playbook
from kalshi_edge.trading.quoting.memory import QuoteMemory
from kalshi_edge.trading.state import WorldState
from kalshi_edge.trading.supervisor_state import SupervisorState


@dataclass(slots=True)
class Core:
    """An event goes down to one function with this in hand, and its verdicts come back once."""

    state: WorldState
    account: Account
    playbook: Playbook
    breakers: CircuitBreakers | None = None
    """What watches a trader with a line to an exchange; none watch a backtest."""
    kill_switch: KillSwitch = field(default_factory=KillSwitch)
    evidence: EvidenceLedger = field(default_factory=EvidenceLedger)
    watch: SupervisorState = field(default_factory=SupervisorState)
    """What is remembered of orders and statements since the process began."""
    quotes: QuoteMemory = field(default_factory=QuoteMemory)
    """The same of entries that are posted."""
