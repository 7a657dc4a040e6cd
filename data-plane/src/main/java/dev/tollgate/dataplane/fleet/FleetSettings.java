package dev.tollgate.dataplane.fleet;

import dev.tollgate.dataplane.control.OperatorAddress;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * What a proxy of a fleet is told besides its ports.
 *
 * @param name unique in the fleet; null: the name of the write-ahead log, which lasts as long as it
 * @param data the write-ahead log; of this process alone
 * @param configData the last snapshot that served and its credentials: best on a memory-backed
 *     volume
 * @param fleetRelease directory with the parts of the release that the whole fleet serves, as the
 *     operator keeps it: a new proxy begins with it; null: none
 */
public record FleetSettings(
        OperatorAddress operator,
        @Nullable String name,
        String version,
        Path data,
        Path configData,
        @Nullable Path fleetRelease) {}
