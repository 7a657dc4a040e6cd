package dev.tollgate.dataplane.budget;

import dev.tollgate.policy.budget.HolderId;
import dev.tollgate.policy.budget.LedgerCommand;
import dev.tollgate.policy.budget.LedgerEffect;

/**
 * A connection of a proxy to a ledger: messages arrive in their order, late, until it is cut; then
 * what is on its way is lost, and each side hears of it at its own time.
 */
final class SimulatedConnection {

    private static final long DELAY_NANOS = 4_000_000;
    private static final long DELAY_BAD_NANOS = 1_500_000_000;
    private static final long HEARD_BY_PROXY_NANOS = 2_000_000_000;
    private static final long HEARD_BY_LEDGER_NANOS = 15_000_000_000L;

    /** That the proxy has named. */
    HolderId holder;

    private final Simulation run;
    private final SimulatedLedger ledger;
    private final Agenda.Life life;
    private final LedgerLink.Listener listener;
    private final Runnable lost;
    private long up;
    private long down;
    private boolean cut;
    private boolean ended;

    SimulatedConnection(
            Simulation run,
            SimulatedLedger ledger,
            Agenda.Life life,
            LedgerLink.Listener listener,
            Runnable lost) {
        this.run = run;
        this.ledger = ledger;
        this.life = life;
        this.listener = listener;
        this.lost = lost;
        ledger.opened(this);
    }

    private long delay() {
        var most =
                run.networkTrouble && run.random.nextInt(10) == 0 ? DELAY_BAD_NANOS : DELAY_NANOS;
        return 100_000 + run.random.nextLong(most);
    }

    void up(LedgerCommand command) {
        up = Math.max(up, run.agenda.now() + delay());
        run.agenda.at(
                up,
                () -> {
                    if (!cut) {
                        ledger.receive(this, command);
                    }
                });
    }

    void down(LedgerEffect effect) {
        down = Math.max(down, run.agenda.now() + delay());
        run.agenda.at(
                down,
                life,
                () -> {
                    if (!cut && !ended) {
                        if (!(effect instanceof LedgerEffect.State)) {
                            run.trace("proxy", effect);
                        }
                        listener.effect(effect);
                    }
                });
    }

    /** In the middle: nothing passes any more. */
    void cut() {
        if (cut) {
            return;
        }
        cut = true;
        var now = run.agenda.now();
        run.agenda.at(
                now + run.random.nextLong(HEARD_BY_PROXY_NANOS),
                life,
                () -> {
                    if (!ended) {
                        ended = true;
                        lost.run();
                    }
                });
        var slow = run.networkTrouble && run.random.nextInt(3) == 0;
        run.agenda.at(
                now + run.random.nextLong(slow ? HEARD_BY_LEDGER_NANOS : HEARD_BY_PROXY_NANOS),
                () -> ledger.closed(this));
    }

    /** By the proxy itself. */
    void end() {
        ended = true;
        up = Math.max(up, run.agenda.now() + delay());
        run.agenda.at(up, () -> ledger.closed(this));
    }
}
