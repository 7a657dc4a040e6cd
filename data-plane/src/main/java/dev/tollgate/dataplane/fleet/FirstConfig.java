package dev.tollgate.dataplane.fleet;

import dev.tollgate.dataplane.config.Credentials;
import dev.tollgate.dataplane.config.LastKnownGood;
import dev.tollgate.dataplane.config.LastKnownGood.Stored;
import dev.tollgate.dataplane.config.LiveConfig;
import dev.tollgate.policy.snapshot.KeptRelease;
import dev.tollgate.policy.snapshot.RevisionNumber;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a proxy serves before any operator has spoken to it (api.md, S20 and S21): the newer of its
 * own last snapshot and the release that the fleet's operator keeps; the older one, should the
 * newer not validate.
 */
final class FirstConfig {

    private static final Logger LOG = LoggerFactory.getLogger(FirstConfig.class);

    private FirstConfig() {}

    /** Applies it; without any the proxy is not ready until the operator sends one. */
    static void apply(LastKnownGood own, @Nullable Path fleetRelease, LiveConfig live) {
        var candidates = new ArrayList<Stored>();
        own.load(reason -> LOG.atWarn().log("{}", reason)).ifPresent(candidates::add);
        if (fleetRelease != null) {
            kept(fleetRelease).ifPresent(candidates::add);
        }
        candidates.sort(Comparator.comparing(FirstConfig::revision).reversed());
        for (var candidate : candidates) {
            live.credentials(candidate.credentials());
            var errors = live.apply(candidate.snapshot(), candidate.revision());
            if (errors.isEmpty()) {
                LOG.atInfo()
                        .addKeyValue("snapshot", candidate.revision())
                        .log("last-known-good snapshot serves");
                return;
            }
            LOG.atError()
                    .addKeyValue("snapshot", candidate.revision())
                    .addKeyValue("error", errors.getFirst())
                    .log("last-known-good snapshot does not validate, skipped");
        }
        live.credentials(Credentials.NONE);
    }

    private static RevisionNumber revision(Stored stored) {
        return RevisionNumber.parse(stored.revision());
    }

    /** Files {@code part-0} to {@code part-3}, of which the first tells how many count. */
    private static Optional<Stored> kept(Path directory) {
        var parts = new ArrayList<byte[]>();
        for (int part = 0; part < KeptRelease.MAX_PARTS; part++) {
            var file = directory.resolve("part-" + part);
            if (!Files.isReadable(file)) {
                break;
            }
            try {
                parts.add(Files.readAllBytes(file));
            } catch (IOException e) {
                LOG.atWarn().log("{}: {}, skipped", file, e.getMessage());
                return Optional.empty();
            }
        }
        return stored(parts);
    }

    private static Optional<Stored> stored(List<byte[]> parts) {
        if (parts.isEmpty() || parts.getFirst().length == 0) {
            return Optional.empty();
        }
        var release = KeptRelease.decode(parts);
        if (release.isEmpty()) {
            LOG.atWarn().log("the fleet's last-known-good release is damaged, skipped");
        }
        return release.filter(kept -> !kept.revision().isEmpty())
                .map(
                        kept ->
                                new Stored(
                                        kept.snapshot(),
                                        kept.revision(),
                                        Credentials.of(kept.credentials())));
    }
}
