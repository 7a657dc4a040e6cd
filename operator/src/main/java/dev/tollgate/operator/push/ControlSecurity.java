package dev.tollgate.operator.push;

import io.vertx.core.Future;
import io.vertx.core.MultiMap;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** How the push server and the proxies trust each other: {@code --control-security}. */
public sealed interface ControlSecurity {

    /** Plain HTTP/2; the server is bound to loopback. */
    record None() implements ControlSecurity {}

    /**
     * TLS, and client certificates of the given authorities.
     *
     * @param tokens checks the token that a proxy sends as well; null: none is asked for
     */
    record Mtls(PemIdentity identity, @Nullable TokenCheck tokens) implements ControlSecurity {}

    /** TLS of the server alone; the proxy proves itself by its token. */
    record Token(PemIdentity identity, TokenCheck tokens) implements ControlSecurity {}

    /** The server's certificate chain and key, and whom it trusts; all PEM. */
    record PemIdentity(String certificates, String key, List<String> authorities) {
        public PemIdentity {
            authorities = List.copyOf(authorities);
        }

        @Override
        public String toString() {
            return "PemIdentity[redacted]";
        }
    }

    /** Whether the caller of a stream is a proxy of the fleet. */
    @FunctionalInterface
    interface TokenCheck {
        /** Fails if it is not; called on the server's event loop, must not block. */
        Future<Peer> check(MultiMap headers);
    }

    /**
     * Who opened a stream.
     *
     * @param podUid the pod that the token was issued to; null: not known, and Hello is believed
     */
    record Peer(@Nullable String podUid) {}
}
