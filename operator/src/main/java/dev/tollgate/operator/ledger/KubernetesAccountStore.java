package dev.tollgate.operator.ledger;

import dev.tollgate.operator.api.ApiFailure;
import dev.tollgate.operator.kube.BudgetLedgerResource;
import dev.tollgate.policy.budget.Account;
import dev.tollgate.policy.budget.AccountKey;
import dev.tollgate.policy.budget.AccountStore;
import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.GenericKubernetesResourceList;
import io.fabric8.kubernetes.api.model.KubernetesResourceList;
import io.fabric8.kubernetes.api.model.ListOptionsBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.ResourceNotFoundException;
import io.fabric8.kubernetes.client.dsl.MixedOperation;
import io.fabric8.kubernetes.client.dsl.Resource;
import io.fabric8.kubernetes.client.dsl.base.ResourceDefinitionContext;
import java.util.ArrayList;
import java.util.Comparator;
import org.jspecify.annotations.Nullable;

/**
 * Accounts as BudgetLedger objects of one namespace: the version is the object's resourceVersion,
 * so that one update is one compare-and-set in etcd. An answer that the API server did not give (a
 * timeout, a broken connection, 5xx, nothing) is Unknown: it may have been written. The object's
 * CEL rules are a second guard: what they refuse is Unavailable, and logged by the ledger. An
 * object that is no account, or another one than its name says, is told as such and is in nobody's
 * way. The store's identity is that of the namespace, which a wiped or replaced cluster does not
 * have. Blocking.
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
    private final AccountObjects.Entries entries;

    public KubernetesAccountStore(KubernetesClient client, String namespace) {
        this.client = client;
        this.namespace = namespace;
        this.entries = new AccountObjects.Entries(client.getKubernetesSerialization());
    }

    private MixedOperation<
                    BudgetLedgerResource,
                    KubernetesResourceList<BudgetLedgerResource>,
                    Resource<BudgetLedgerResource>>
            ledgers() {
        return client.resources(BudgetLedgerResource.class);
    }

    /** The same, whatever they hold: one that is no account keeps nobody from the others. */
    private MixedOperation<
                    GenericKubernetesResource,
                    GenericKubernetesResourceList,
                    Resource<GenericKubernetesResource>>
            objects() {
        return client.genericKubernetesResources(
                ResourceDefinitionContext.fromResourceType(BudgetLedgerResource.class));
    }

    @Override
    public Read read(AccountKey key) {
        try {
            var object =
                    objects().inNamespace(namespace).withName(AccountObjects.name(key)).require();
            return object == null ? new Read.Unavailable(EMPTY) : read(key, object);
        } catch (ResourceNotFoundException e) {
            return e.getCause() instanceof KubernetesClientException api
                            && api.getCode() == NOT_FOUND
                    ? new Read.Absent()
                    : new Read.Unavailable(reason(e));
        } catch (KubernetesClientException | IllegalArgumentException | IllegalStateException e) {
            return new Read.Unavailable(reason(e));
        }
    }

    private Read read(AccountKey key, GenericKubernetesResource object) {
        return switch (entries.of(object)) {
            case AccountObjects.Entry.Good(var versioned)
                    when versioned.account().key().equals(key) ->
                    new Read.Ok(versioned);
            case AccountObjects.Entry.Good(var versioned) ->
                    new Read.Unreadable(
                            new Damaged(
                                    key,
                                    AccountObjects.where(object.getMetadata().getName()),
                                    versioned.account().epoch(),
                                    "it is account " + versioned.account().key()));
            case AccountObjects.Entry.Bad(var damaged) ->
                    new Read.Unreadable(
                            new Damaged(key, damaged.name(), damaged.epoch(), damaged.reason()));
        };
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
            var damaged = new ArrayList<Damaged>();
            @Nullable String next = null;
            do {
                var page =
                        objects()
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
                    switch (entries.of(object)) {
                        case AccountObjects.Entry.Good(var versioned) -> found.add(versioned);
                        case AccountObjects.Entry.Bad(var bad) -> damaged.add(bad);
                    }
                }
                next = page.getMetadata().getContinue();
            } while (next != null && !next.isEmpty());
            found.removeIf(each -> !each.account().key().toString().startsWith(prefix));
            found.sort(Comparator.comparing(v -> v.account().key()));
            damaged.removeIf(
                    each -> each.key() != null && !each.key().toString().startsWith(prefix));
            return new Listing.Ok(found, damaged);
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
