package dev.tollgate.operator.push;

import java.util.List;

/** What the shell has to do after an event. */
public sealed interface FleetCommand {

    /** Send the newest credentials. */
    record SendCredentials(long connection) implements FleetCommand {}

    /**
     * Send a snapshot.
     *
     * @param held the proxy has these bytes already: only the head is sent
     */
    record SendSnapshot(long connection, Release release, boolean held) implements FleetCommand {}

    /** Close a stream: it was replaced, or its proxy does not answer. */
    record Disconnect(long connection, String reason) implements FleetCommand {}

    /** Every live proxy serves with this release. */
    record Settled(Release release) implements FleetCommand {}

    /** A proxy refused a release. */
    record Refused(String proxy, Release release, List<Refusal> refusals) implements FleetCommand {
        public Refused {
            refusals = List.copyOf(refusals);
        }
    }

    /** Which proxies are live, or what they serve, has changed: statuses may differ. */
    record Changed() implements FleetCommand {}
}
