package dev.tollgate.operator.ledger;

import dev.tollgate.crds.ledger.BudgetLedgerSpec;
import dev.tollgate.crds.ledger.Lease;
import dev.tollgate.crds.ledger.LedgerKey;
import dev.tollgate.operator.api.ApiFailure;
import dev.tollgate.operator.kube.BudgetLedgerResource;
import dev.tollgate.policy.budget.Account;
import dev.tollgate.policy.budget.AccountKey;
import dev.tollgate.policy.budget.AccountStore;
import dev.tollgate.policy.budget.HolderId;
import dev.tollgate.policy.budget.LeaseAccount;
import dev.tollgate.policy.budget.Window;
import dev.tollgate.policy.snapshot.SnapshotCodec;
import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.client.utils.KubernetesSerialization;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * An account as a BudgetLedger object, and back. The one window of a Lifetime budget starts at the
 * epoch and has no end.
 */
final class AccountObjects {

    private static final DateTimeFormatter DAY =
            DateTimeFormatter.ofPattern("yyyyMMdd").withZone(ZoneOffset.UTC);
    private static final int HASH_CHARS = 12;
    private static final int READABLE_CHARS = 200;

    private static final List<String> KEY_TEXTS =
            List.of("namespace", "name", "subject", "windowStart");
    private static final List<String> NUMBERS =
            List.of("limitMicros", "settledMicros", "overrunMicros", "seq", "epoch");
    private static final List<String> LEASE_TEXTS = List.of("holder", "state");
    private static final List<String> LEASE_NUMBERS =
            List.of("amountMicros", "settledMicros", "returnedMicros", "lastAcquire");

    private AccountObjects() {}

    /** As people look for it. */
    static String where(String name) {
        return "BudgetLedger " + name;
    }

    /** What an object holds. */
    sealed interface Entry {
        record Good(AccountStore.Versioned versioned) implements Entry {}

        record Bad(AccountStore.Damaged damaged) implements Entry {}
    }

    /** Reads objects of which nobody knows yet whether they are accounts. */
    record Entries(KubernetesSerialization serialization) {

        Entry of(GenericKubernetesResource object) {
            try {
                requireWhole(object);
                var account =
                        account(serialization.convertValue(object, BudgetLedgerResource.class));
                var metadata = object.getMetadata();
                var name = name(account.key());
                return name.equals(metadata.getName())
                        ? new Entry.Good(
                                new AccountStore.Versioned(account, metadata.getResourceVersion()))
                        : bad(
                                object,
                                "it is account " + account.key() + ", which belongs in " + name);
            } catch (RuntimeException e) { // whatever somebody else has written there
                return bad(object, ApiFailure.text(e));
            }
        }

        private Entry bad(GenericKubernetesResource object, String reason) {
            var name = object.getMetadata().getName();
            long epoch =
                    spec(object) instanceof Map<?, ?> spec
                                    && spec.get("epoch") instanceof Number number
                            ? number.longValue()
                            : 0;
            return new Entry.Bad(
                    new AccountStore.Damaged(key(object, name), where(name), epoch, reason));
        }

        /** Null: it has none, or one that belongs in another object. */
        private @Nullable AccountKey key(GenericKubernetesResource object, String name) {
            try {
                var key =
                        AccountObjects.key(
                                serialization.convertValue(
                                        object.get("spec", "key"), LedgerKey.class));
                return name(key).equals(name) ? key : null;
            } catch (RuntimeException e) {
                return null;
            }
        }
    }

    private static @Nullable Object spec(GenericKubernetesResource object) {
        return object.getAdditionalProperties().get("spec");
    }

    /**
     * What the schema requires, whatever schema it was written under: else a number that is not
     * there would be read as 0, and what was spent could be spent again.
     */
    private static void requireWhole(GenericKubernetesResource object) {
        var spec = require("spec", spec(object), List.of(), NUMBERS);
        require("spec.key", spec.get("key"), KEY_TEXTS, List.of());
        var leases = spec.get("leases");
        if (leases instanceof List<?> all) {
            all.forEach(lease -> require("a lease", lease, LEASE_TEXTS, LEASE_NUMBERS));
        } else if (leases != null) {
            throw new IllegalArgumentException("spec.leases: " + leases + " (expected: a list)");
        }
    }

    private static Map<?, ?> require(
            String what, @Nullable Object part, List<String> texts, List<String> numbers) {
        if (!(part instanceof Map<?, ?> members)) {
            throw new IllegalArgumentException(what + ": " + part + " (expected: an object)");
        }
        for (var name : texts) {
            if (!(members.get(name) instanceof String)) {
                throw unlike(what, name, members.get(name), "a string");
            }
        }
        for (var name : numbers) {
            var value = members.get(name);
            if (!(value instanceof Integer || value instanceof Long)) {
                throw unlike(what, name, value, "an integer");
            }
        }
        return members;
    }

    private static IllegalArgumentException unlike(
            String what, String name, @Nullable Object value, String expected) {
        return new IllegalArgumentException(
                name + " of " + what + ": " + value + " (expected: " + expected + ")");
    }

    /**
     * Readable part, and a hash that makes it unique: {@code team-a.monthly.20261101.9f3c2a...}.
     */
    static String name(AccountKey key) {
        var hash =
                SnapshotCodec.digest(key.toString().getBytes(StandardCharsets.UTF_8))
                        .substring(0, HASH_CHARS);
        var start = key.window().start();
        var window = start == null ? "lifetime" : DAY.format(start);
        var readable = key.namespace() + "." + key.name();
        if (readable.length() > READABLE_CHARS) {
            readable = key.namespace();
        }
        return readable + "." + window + "." + hash;
    }

    static BudgetLedgerResource object(
            String namespace, Account account, @Nullable String version) {
        var object = new BudgetLedgerResource();
        var window = account.key().window();
        object.setMetadata(
                new ObjectMetaBuilder()
                        .withName(name(account.key()))
                        .withNamespace(namespace)
                        .withResourceVersion(version)
                        .build());
        object.setSpec(
                new BudgetLedgerSpec(
                        new LedgerKey(
                                account.key().namespace(),
                                account.key().name(),
                                account.key().subject(),
                                window.start() == null ? Instant.EPOCH : window.start(),
                                window.end()),
                        account.limitMicros(),
                        account.settledMicros(),
                        account.overrunMicros(),
                        account.resetMicros() == 0 ? null : (Long) account.resetMicros(),
                        account.resetAt(),
                        account.seq(),
                        account.epoch(),
                        account.leases().stream().map(AccountObjects::lease).toList(),
                        account.closed().stream().map(HolderId::toString).toList(),
                        account.frozenAtSeq()));
        return object;
    }

    private static Lease lease(LeaseAccount lease) {
        return new Lease(
                lease.holder().toString(),
                lease.amountMicros(),
                lease.settledMicros(),
                lease.returnedMicros(),
                lease.overrunMicros(),
                lease.lastAcquire(),
                switch (lease.state()) {
                    case OPEN -> Lease.State.OPEN;
                    case SUSPECT -> Lease.State.SUSPECT;
                    case RECLAIMED -> Lease.State.RECLAIMED;
                },
                lease.state() == LeaseAccount.State.RECLAIMED
                        ? (Long) lease.reclaimedMicros()
                        : null);
    }

    private static AccountKey key(LedgerKey key) {
        return new AccountKey(
                key.namespace(),
                key.name(),
                key.subject(),
                key.windowEnd() == null
                        ? Window.LIFETIME
                        : new Window(key.windowStart(), key.windowEnd()));
    }

    /**
     * @throws IllegalArgumentException somebody else wrote something that is no account
     */
    static Account account(BudgetLedgerResource object) {
        var spec = object.getSpec();
        if (spec == null || spec.key() == null) {
            throw new IllegalArgumentException(
                    "BudgetLedger " + object.getMetadata().getName() + ": has no spec.key");
        }
        return new Account(
                key(spec.key()),
                spec.limitMicros(),
                spec.settledMicros(),
                spec.overrunMicros(),
                spec.resetMicros() == null ? 0 : spec.resetMicros(),
                spec.resetAt(),
                spec.seq(),
                spec.epoch(),
                spec.leases().stream().map(AccountObjects::lease).toList(),
                spec.closed().stream().map(HolderId::parse).toList(),
                spec.frozenAtSeq());
    }

    private static LeaseAccount lease(Lease lease) {
        var state =
                switch (lease.state()) {
                    case OPEN -> LeaseAccount.State.OPEN;
                    case RECLAIMED -> LeaseAccount.State.RECLAIMED;
                    // a state of a newer schema stays charged, whatever it means
                    case SUSPECT, UNKNOWN -> LeaseAccount.State.SUSPECT;
                };
        var told = lease.reclaimedMicros();
        var reclaimed = state == LeaseAccount.State.RECLAIMED ? lease.returnedMicros() : 0;
        return new LeaseAccount(
                HolderId.parse(lease.holder()),
                lease.amountMicros(),
                lease.settledMicros(),
                lease.returnedMicros(),
                lease.overrunMicros(),
                lease.lastAcquire(),
                state,
                told == null ? reclaimed : told);
    }
}
