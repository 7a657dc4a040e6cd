package dev.tollgate.operator.trust;

import dev.tollgate.operator.push.ControlSecurity;
import io.fabric8.kubernetes.api.model.authentication.TokenReviewBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.vertx.core.Future;
import io.vertx.core.MultiMap;
import io.vertx.core.Vertx;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Checks the token of a proxy's stream by TokenReview (api.md, S31): it must be for the audience
 * {@value #AUDIENCE} and of the fleet's ServiceAccount. With the API server away nobody new is let
 * in; streams that are open go on.
 */
public final class TokenReviews implements ControlSecurity.TokenCheck {

    public static final String AUDIENCE = "tollgate-control";

    /** Checks that may wait for the API server; who comes later tries again. */
    private static final int MAX_PENDING = 64;

    private static final String POD_UID = "authentication.kubernetes.io/pod-uid";
    private static final String BEARER = "Bearer ";

    private final Vertx vertx;
    private final KubernetesClient client;
    private final String subject;
    private final AtomicInteger pending = new AtomicInteger();

    /**
     * @param serviceAccount {@code namespace/name} of the fleet
     */
    public TokenReviews(Vertx vertx, KubernetesClient client, String serviceAccount) {
        this.vertx = vertx;
        this.client = client;
        int slash = serviceAccount.indexOf('/');
        this.subject =
                "system:serviceaccount:"
                        + serviceAccount.substring(0, slash)
                        + ":"
                        + serviceAccount.substring(slash + 1);
    }

    @Override
    public Future<ControlSecurity.Peer> check(MultiMap headers) {
        var header = headers.get("authorization");
        if (header == null || !header.startsWith(BEARER)) {
            return Future.failedFuture("the stream has no token");
        }
        var token = header.substring(BEARER.length());
        if (pending.incrementAndGet() > MAX_PENDING) {
            pending.decrementAndGet();
            return Future.failedFuture("more than " + MAX_PENDING + " tokens are being checked");
        }
        return vertx.executeBlocking(() -> review(token), false)
                .onComplete(_ -> pending.decrementAndGet());
    }

    private ControlSecurity.Peer review(String token) {
        var answer =
                client.tokenReviews()
                        .create(
                                new TokenReviewBuilder()
                                        .withNewSpec()
                                        .withToken(token)
                                        .withAudiences(AUDIENCE)
                                        .endSpec()
                                        .build())
                        .getStatus();
        if (answer == null
                || !Boolean.TRUE.equals(answer.getAuthenticated())
                || answer.getAudiences() == null
                || !answer.getAudiences().contains(AUDIENCE)) {
            throw new SecurityException("the token is not valid for " + AUDIENCE);
        }
        if (!subject.equals(answer.getUser().getUsername())) {
            throw new SecurityException(
                    "token of " + answer.getUser().getUsername() + " (expected: " + subject + ")");
        }
        return new ControlSecurity.Peer(podUid(answer.getUser().getExtra()));
    }

    private static @Nullable String podUid(@Nullable Map<String, List<String>> extra) {
        var uids = extra == null ? null : extra.get(POD_UID);
        return uids == null || uids.isEmpty() ? null : uids.getFirst();
    }
}
