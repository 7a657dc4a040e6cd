package dev.tollgate.operator.ledger;

import dev.tollgate.operator.api.ApiFailure;
import dev.tollgate.policy.budget.Whereabouts;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Whether proxies that have registered are all that there are (budgets.md, section 10): every proxy
 * that the config push knows, and every pod of the fleet's ServiceAccount that the API server lists
 * and that has not ended. Not known is no. Blocking.
 */
public final class FleetPods implements Predicate<Set<String>> {

    private static final Set<String> ENDED = Set.of("Succeeded", "Failed");

    private static final Logger LOG = LoggerFactory.getLogger(FleetPods.class);

    private final KubernetesClient client;
    private final @Nullable String serviceAccount;
    private final Supplier<Set<String>> known;
    private final Supplier<Set<String>> live;

    /**
     * @param serviceAccount {@code namespace/name} of the fleet; null: proxies are no pods
     * @param known names of the proxies that the config push knows
     * @param live those of them that it hears
     */
    public FleetPods(
            KubernetesClient client,
            @Nullable String serviceAccount,
            Supplier<Set<String>> known,
            Supplier<Set<String>> live) {
        this.client = client;
        this.serviceAccount = serviceAccount;
        this.known = known;
        this.live = live;
    }

    @Override
    public boolean test(Set<String> registered) {
        var wanted = new HashSet<>(known.get());
        var account = serviceAccount;
        if (account != null) {
            try {
                wanted.addAll(pods(account).keySet());
            } catch (KubernetesClientException e) {
                LOG.atWarn()
                        .addKeyValue("error", ApiFailure.text(e))
                        .log("the pods of the fleet cannot be listed; what is frozen stays so");
                return false;
            }
        }
        return registered.containsAll(wanted);
    }

    /** Those of them whose pods do not exist any more. Not known is no. */
    public Set<String> gone(Set<String> proxies) {
        var account = serviceAccount;
        if (account == null) {
            return Set.of();
        }
        try {
            var gone = new HashSet<>(proxies);
            gone.removeAll(pods(account).keySet());
            return gone;
        } catch (KubernetesClientException e) {
            return Set.of(); // the ledger, which asks too, has logged it
        }
    }

    /**
     * Why the process of a holder may still be there; empty: it is not.
     *
     * @param connected names of the proxies that the ledger hears: they are other holders
     * @throws KubernetesClientException it cannot be known
     */
    Optional<String> mayBeThere(Whereabouts whereabouts, Set<String> connected) {
        var pods = new HashMap<String, String>();
        live.get().forEach(name -> pods.put(name, "proxy " + name + " is connected"));
        var account = serviceAccount;
        if (account != null) {
            pods(account)
                    .forEach((uid, name) -> pods.put(uid, "the API server lists its pod, " + name));
        }
        return switch (whereabouts) {
            case Whereabouts.Connected(var proxy) -> Optional.of("it is connected, as " + proxy);
            case Whereabouts.Succeeded _ -> Optional.empty();
            case Whereabouts.Away(var proxy) -> Optional.ofNullable(pods.get(proxy));
            case Whereabouts.Unheard _ -> {
                pods.keySet().removeAll(connected);
                yield pods.values().stream()
                        .sorted()
                        .findFirst()
                        .map(
                                why ->
                                        "it may be one that has not registered with this ledger: "
                                                + why);
            }
        };
    }

    /** Names by UID. */
    private Map<String, String> pods(String account) {
        int slash = account.indexOf('/');
        var uids = new HashMap<String, String>();
        for (Pod pod :
                client.pods()
                        .inNamespace(account.substring(0, slash))
                        .withField("spec.serviceAccountName", account.substring(slash + 1))
                        .list()
                        .getItems()) {
            var status = pod.getStatus();
            if (status == null || !ENDED.contains(status.getPhase())) {
                uids.put(pod.getMetadata().getUid(), pod.getMetadata().getName());
            }
        }
        return uids;
    }
}
