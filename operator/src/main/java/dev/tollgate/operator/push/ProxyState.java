package dev.tollgate.operator.push;

import java.time.Instant;
import java.util.List;

/**
 * What one proxy is doing with the snapshots that it was offered.
 *
 * <pre>
 *            offer                 ACK
 *   Idle ------------> Offered ----------> Idle
 *    ^                    |  NACK
 *    |                    +----------> Refusing --offer of another release--> Offered
 *    |  Hello                            |
 *    +--------- Away <---stream lost---- any
 * </pre>
 *
 * Incompatible is entered by a Hello whose schema range holds no schema of ours, and left by the
 * next Hello. At most one offer is under way; only the newest release waits behind it.
 */
public sealed interface ProxyState {

    /** Connected, nothing under way. */
    record Idle() implements ProxyState {}

    /** A snapshot was sent and not answered yet. */
    record Offered(Release release, Instant since) implements ProxyState {}

    /** The last offer was refused; the proxy serves what it had. */
    record Refusing(Release release, List<Refusal> refusals) implements ProxyState {
        public Refusing {
            refusals = List.copyOf(refusals);
        }
    }

    /** Connected, but it cannot read our snapshots. */
    record Incompatible(int schemaMin, int schemaMax) implements ProxyState {}

    /** The stream is gone; the proxy counts as live until its last heartbeat is too old. */
    record Away() implements ProxyState {}
}
