package dev.tollgate.operator.ledger;

import dev.tollgate.operator.api.ApiFailure;
import dev.tollgate.operator.kube.BudgetLedgerResource;
import dev.tollgate.policy.budget.Account;
import dev.tollgate.policy.budget.AccountKey;
import dev.tollgate.policy.budget.AccountStore;
import io.fabric8.kubernetes.api.model.KubernetesResourceList;
import io.fabric8.kubernetes.api.model.ListOptionsBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.ResourceNotFoundException;
import io.fabric8.kubernetes.client.dsl.MixedOperation;
import io.fabric8.kubernetes.client.dsl.Resource;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Accounts as BudgetLedger objects of one namespace: the version is the object's resourceVersion,
 * so that one update is one compare-and-set in etcd. An answer that the API server did not give (a
 * timeout, a broken connection, 5xx, nothing) is Unknown: it may have been written. The object's CEL rules
 * are a second guard: what they refuse is Unavailable, and logged by the ledger. The store's
 * identity is that of the namespace, which a wiped or replaced cluster does not have. Blocking.
 */
public final class KubernetesAccountStore implements AccountStore {

    private static final int CONFLICT = 409;
    private static final int NOT_FOUND = 404;
    private static final int UNPROCESSABLE = 422;
    private static final int TOO_MANY = 429;
    private static final long PAGE = 500;

    /** The API server, or something before it, said 2xx and nothing more. */
    private static final String EMPTY = "an answer without an object";

    private final KubernetesClient client;
    private final String namespace;

    public KubernetesAccountStore(KubernetesClient client, String namespace) {
        this.client = client;
        this.namespace = namespace;
    }

    private MixedOperation<
                    BudgetLedgerResource,
                    KubernetesResourceList<BudgetLedgerResource>,
                    Resource<BudgetLedgerResource>>
            ledgers() {
        return client.resources(BudgetLedgerResource.class);
    }

    @Override
    public Read read(AccountKey key) {
        try {
            var object =
                    ledgers().inNamespace(namespace).withName(AccountObjects.name(key)).require();
            return object == null ? new Read.Unavailable(EMPTY) : new Read.Ok(versioned(object));
        } catch (ResourceNotFoundException e) {
            return e.getCause() instanceof KubernetesClientException api
                            && api.getCode() == NOT_FOUND
                    ? new Read.Absent()
                    : new Read.Unavailable(reason(e));
        } catch (KubernetesClientException | IllegalArgumentException | IllegalStateException e) {
            return new Read.Unavailable(reason(e));
        }
    }

    private static Versioned versioned(BudgetLedgerResource object) {
        return new Versioned(
                AccountObjects.account(object), object.getMetadata().getResourceVersion());
    }

    @Override
    public Write compareAndSet(AccountKey key, String version, Account account) {
        if (!key.equals(account.key())) {
            throw new IllegalArgumentException(
                    "account: " + account.key() + " (expected: " + key + ")");
        }
        boolean creates = version.equals(ABSENT);
        var object = AccountObjects.object(namespace, account, creates ? null : version);
        var operation = ledgers().inNamespace(namespace).resource(object);
        try {
            var written = creates ? operation.create() : operation.update();
            return written == null
                    ? new Write.Unknown(EMPTY)
                    : new Write.Ok(written.getMetadata().getResourceVersion());
        } catch (KubernetesClientException e) {
            return switch (e.getCode()) {
                case CONFLICT -> new Write.Conflict();
                case NOT_FOUND -> creates ? new Write.Unavailable(reason(e)) : new Write.Conflict();
                case 400, 401, 403, 405, 413, UNPROCESSABLE, TOO_MANY ->
                        new Write.Unavailable(reason(e));
                default -> new Write.Unknown(reason(e));
            };
        }
    }

    @Override
    public Write delete(AccountKey key, String version) {
        var object = AccountObjects.object(namespace, Account.opened(key, 0), version);
        try {
            var deleted =
                    ledgers()
                            .inNamespace(namespace)
                            .resource(object)
                            .lockResourceVersion(version)
                            .delete();
            return deleted.isEmpty() ? new Write.Conflict() : new Write.Ok(ABSENT);
        } catch (KubernetesClientException e) {
            return switch (e.getCode()) {
                case CONFLICT, NOT_FOUND -> new Write.Conflict();
                case 400, 401, 403, 405, UNPROCESSABLE, TOO_MANY ->
                        new Write.Unavailable(reason(e));
                default -> new Write.Unknown(reason(e));
            };
        }
    }

    @Override
    public Listing list(String prefix) {
        try {
            var found = new ArrayList<Versioned>();
            @Nullable String next = null;
            do {
                var page =
                        ledgers()
                                .inNamespace(namespace)
                                .list(
                                        new ListOptionsBuilder()
                                                .withLimit(PAGE)
                                                .withContinue(next)
                                                .build());
                if (page == null) {
                    return new Listing.Unavailable(EMPTY);
                }
                for (var object : page.getItems()) {
                    var versioned = versioned(object);
                    if (versioned.account().key().toString().startsWith(prefix)) {
                        found.add(versioned);
                    }
                }
                next = page.getMetadata().getContinue();
            } while (next != null && !next.isEmpty());
            found.sort(Comparator.comparing(v -> v.account().key()));
            return new Listing.Ok(List.copyOf(found));
        } catch (KubernetesClientException | IllegalArgumentException | IllegalStateException e) {
            return new Listing.Unavailable(reason(e));
        }
    }

    @Override
    public Identity identity() {
        try {
            var object = client.namespaces().withName(namespace).get();
            return object == null
                    ? new Identity.Unavailable("namespace " + namespace + " does not exist")
                    : new Identity.Ok(object.getMetadata().getUid());
        } catch (KubernetesClientException e) {
            return new Identity.Unavailable(reason(e));
        }
    }

    private static String reason(RuntimeException e) {
        return ApiFailure.text(e);
    }
}
