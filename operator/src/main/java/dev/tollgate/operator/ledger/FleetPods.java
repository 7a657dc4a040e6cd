package dev.tollgate.operator.ledger;

import dev.tollgate.operator.api.ApiFailure;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.util.HashSet;
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

    /**
     * @param serviceAccount {@code namespace/name} of the fleet; null: proxies are no pods
     * @param known names of the proxies that the config push knows
     */
    public FleetPods(
            KubernetesClient client, @Nullable String serviceAccount, Supplier<Set<String>> known) {
        this.client = client;
        this.serviceAccount = serviceAccount;
        this.known = known;
    }

    @Override
    public boolean test(Set<String> registered) {
        var wanted = new HashSet<>(known.get());
        var account = serviceAccount;
        if (account != null) {
            try {
                wanted.addAll(pods(account));
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
            gone.removeAll(pods(account));
            return gone;
        } catch (KubernetesClientException e) {
            return Set.of(); // the ledger, which asks too, has logged it
        }
    }

    private Set<String> pods(String account) {
        int slash = account.indexOf('/');
        var uids = new HashSet<String>();
        for (Pod pod :
                client.pods()
                        .inNamespace(account.substring(0, slash))
                        .withField("spec.serviceAccountName", account.substring(slash + 1))
                        .list()
                        .getItems()) {
            var status = pod.getStatus();
            if (status == null || !ENDED.contains(status.getPhase())) {
                uids.add(pod.getMetadata().getUid());
            }
        }
        return uids;
    }
}
