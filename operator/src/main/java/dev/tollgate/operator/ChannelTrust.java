package dev.tollgate.operator;

import dev.tollgate.operator.api.ApiFailure;
import dev.tollgate.operator.push.ControlSecurity;
import dev.tollgate.operator.push.PushServer;
import dev.tollgate.operator.trust.ControlAuthority;
import dev.tollgate.operator.trust.TokenReviews;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.vertx.core.Vertx;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How the operator and its proxies trust each other, and the daily renewal of certificates. A
 * renewal that fails is tried again each minute: leaves last a week, so an outage of days harms
 * nothing.
 */
final class ChannelTrust {

    private static final long EACH_MILLIS = Duration.ofHours(24).toMillis();
    private static final long AGAIN_MILLIS = Duration.ofMinutes(1).toMillis();

    /** Name of the headless Service that proxies dial. */
    private static final String SERVICE = "tollgate-operator";

    private static final Logger LOG = LoggerFactory.getLogger(ChannelTrust.class);

    private final OperatorOptions options;
    private final Vertx vertx;
    private final KubernetesClient client;
    private final ControlAuthority authority;

    ChannelTrust(OperatorOptions options, Vertx vertx, KubernetesClient client, Clock clock) {
        this.options = options;
        this.vertx = vertx;
        this.client = client;
        this.authority =
                new ControlAuthority(
                        client, options.platformNamespace(), serverNames(options), clock);
    }

    private static List<String> serverNames(OperatorOptions options) {
        var names = new ArrayList<String>();
        var qualified = SERVICE + "." + options.platformNamespace();
        names.add(SERVICE);
        names.add(qualified);
        names.add(qualified + ".svc");
        names.add(qualified + ".svc.cluster.local");
        names.add("localhost");
        names.add("127.0.0.1");
        names.addAll(options.pushNames());
        return names;
    }

    /** Makes the certificates; blocking. */
    ControlSecurity security() {
        var account = options.fleetServiceAccount();
        var tokens = account == null ? null : new TokenReviews(vertx, client, account);
        return switch (options.security()) {
            case NONE -> new ControlSecurity.None();
            case MTLS -> new ControlSecurity.Mtls(authority.renew(), tokens);
            case TOKEN -> {
                if (tokens == null) {
                    throw new IllegalStateException("token without a fleet ServiceAccount");
                }
                yield new ControlSecurity.Token(authority.renew(), tokens);
            }
        };
    }

    /** From now on, each day. */
    void keep(PushServer server) {
        if (options.security() != OperatorOptions.Security.NONE) {
            vertx.setTimer(EACH_MILLIS, _ -> renew(server));
        }
    }

    private void renew(PushServer server) {
        vertx.executeBlocking(authority::renew, false)
                .compose(server::identity)
                .onSuccess(_ -> vertx.setTimer(EACH_MILLIS, _ -> renew(server)))
                .onFailure(
                        e -> {
                            LOG.atError()
                                    .addKeyValue("error", ApiFailure.text(e))
                                    .log("certificates are not renewed; tried again in a minute");
                            vertx.setTimer(AGAIN_MILLIS, _ -> renew(server));
                        });
    }
}
