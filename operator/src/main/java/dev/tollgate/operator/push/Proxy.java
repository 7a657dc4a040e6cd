package dev.tollgate.operator.push;

import dev.tollgate.policy.snapshot.RevisionNumber;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One proxy as the control plane knows it.
 *
 * @param connection number of its newest stream
 * @param heard when it last said anything
 * @param applied the release it serves; null if none, or one of an operator before this one
 * @param said the revision that it last said it serves
 * @param digest of what it serves, empty if nothing
 * @param credentials revision of the credentials that were last sent on this stream
 */
public record Proxy(
        String name,
        long connection,
        Instant heard,
        @Nullable Release applied,
        RevisionNumber said,
        String digest,
        long credentials,
        List<TargetHealth> health,
        ProxyState state) {

    public Proxy {
        health = List.copyOf(health);
    }

    /** What it saw of one model of a provider in the last minute; of its checks: model is empty. */
    public record TargetHealth(
            String provider,
            String model,
            long requests,
            long errors,
            boolean circuitOpen,
            boolean credentialRejected,
            boolean unhealthy) {}

    boolean connected() {
        return !(state instanceof ProxyState.Away);
    }

    /** Whether an offer may be made now. */
    boolean free() {
        return state instanceof ProxyState.Idle || state instanceof ProxyState.Refusing;
    }

    boolean refused(Release release) {
        return state instanceof ProxyState.Refusing refusing
                && refusing.release().revision().equals(release.revision());
    }

    boolean serves(Release release) {
        return applied != null && applied.revision().equals(release.revision());
    }

    Proxy with(ProxyState next) {
        return new Proxy(name, connection, heard, applied, said, digest, credentials, health, next);
    }

    Proxy heardAt(Instant now) {
        return new Proxy(name, connection, now, applied, said, digest, credentials, health, state);
    }

    Proxy healthy(List<TargetHealth> figures) {
        return new Proxy(
                name, connection, heard, applied, said, digest, credentials, figures, state);
    }

    Proxy sent(long credentialsRevision) {
        return new Proxy(
                name, connection, heard, applied, said, digest, credentialsRevision, health, state);
    }

    Proxy serving(Release release) {
        return new Proxy(
                name,
                connection,
                heard,
                release,
                release.revision(),
                release.digest(),
                credentials,
                health,
                new ProxyState.Idle());
    }
}
