package dev.tollgate.operator.push;

import dev.tollgate.policy.snapshot.RevisionNumber;
import java.util.List;

/** What happens to the fleet. */
public sealed interface FleetEvent {

    /** The compiler made a new snapshot. */
    record Published(Release release) implements FleetEvent {}

    /** Credentials of this revision are to be held by every proxy. */
    record CredentialsChanged(long revision) implements FleetEvent {}

    /** A stream was opened and said Hello. */
    record Connected(
            String proxy,
            long connection,
            int schemaMin,
            int schemaMax,
            RevisionNumber applied,
            String digest)
            implements FleetEvent {}

    /** A stream was lost. */
    record Lost(String proxy, long connection) implements FleetEvent {}

    /** A proxy ended its stream in order: it stops. */
    record Left(String proxy, long connection) implements FleetEvent {}

    record Acked(String proxy, long connection, RevisionNumber revision) implements FleetEvent {}

    record Nacked(String proxy, long connection, RevisionNumber revision, List<Refusal> refusals)
            implements FleetEvent {
        public Nacked {
            refusals = List.copyOf(refusals);
        }
    }

    /** A heartbeat. */
    record Heard(String proxy, long connection, List<Proxy.TargetHealth> health)
            implements FleetEvent {
        public Heard {
            health = List.copyOf(health);
        }
    }

    /** Time went on. */
    record Tick() implements FleetEvent {}
}
