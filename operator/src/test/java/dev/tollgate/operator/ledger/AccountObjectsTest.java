package dev.tollgate.operator.ledger;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tollgate.operator.ledger.AccountObjects.Entry;
import dev.tollgate.policy.budget.Account;
import dev.tollgate.policy.budget.AccountKey;
import dev.tollgate.policy.budget.AccountStore.Damaged;
import dev.tollgate.policy.budget.HolderId;
import dev.tollgate.policy.budget.LeaseAccount;
import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.client.utils.KubernetesSerialization;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Objects as another version could have written them, under other rules than those of today. */
class AccountObjectsTest {

    private static final KubernetesSerialization JSON = new KubernetesSerialization();
    private static final AccountKey KEY =
            AccountKey.parse("team-a/a//2026-11-01T00:00:00Z--2026-12-01T00:00:00Z");
    private static final Account ACCOUNT =
            new Account(
                    KEY,
                    1_000,
                    300,
                    7,
                    0,
                    null,
                    5,
                    3,
                    List.of(
                            new LeaseAccount(
                                    new HolderId("log-1", 1),
                                    400,
                                    250,
                                    50,
                                    0,
                                    2,
                                    LeaseAccount.State.OPEN)),
                    List.of());

    private final GenericKubernetesResource object =
            JSON.unmarshal(
                    JSON.asJson(AccountObjects.object("platform", ACCOUNT, "9")),
                    GenericKubernetesResource.class);

    private Entry entry() {
        return new AccountObjects.Entries(JSON).of(object);
    }

    private Damaged damaged() {
        assertThat(entry()).isInstanceOf(Entry.Bad.class);
        return ((Entry.Bad) entry()).damaged();
    }

    @SuppressWarnings("unchecked")
    private static Map<String, Object> map(Object value) {
        return (Map<String, Object>) value;
    }

    private Map<String, Object> spec() {
        return map(object.getAdditionalProperties().get("spec"));
    }

    private Map<String, Object> lease() {
        return map(((List<?>) spec().get("leases")).getFirst());
    }

    @Test
    void readsWhatWasGivenBackByDecisionAndTakesAllForThatInAnEarlierVersion() {
        assertThat(lease()).doesNotContainKey("reclaimedMicros");
        lease().put("state", "Reclaimed");
        assertThat(reclaimedMicros()).isEqualTo(50);
        lease().put("reclaimedMicros", 20);
        assertThat(reclaimedMicros()).isEqualTo(20);
        var account = ((Entry.Good) entry()).versioned().account();
        var again = AccountObjects.object("platform", account, "9").getSpec().leases().getFirst();
        assertThat(again.reclaimedMicros()).isEqualTo(20);
    }

    private long reclaimedMicros() {
        var account = ((Entry.Good) entry()).versioned().account();
        return account.leases().getFirst().reclaimedMicros();
    }

    @Test
    void readsWhatItWrites() {
        assertThat(entry())
                .isInstanceOfSatisfying(
                        Entry.Good.class,
                        good -> assertThat(good.versioned().account()).isEqualTo(ACCOUNT));
    }

    @Test
    void ignoresMembersOfALaterVersion() {
        spec().put("color", "red");
        lease().put("color", "red");
        assertThat(entry()).isInstanceOf(Entry.Good.class);
    }

    /** A record would have 0 in its place: the money would be there again. */
    @ParameterizedTest
    @ValueSource(strings = {"limitMicros", "settledMicros", "overrunMicros", "seq", "epoch", "key"})
    void anObjectWithoutAMemberIsNoAccount(String member) {
        spec().remove(member);
        var damaged = damaged();
        assertThat(damaged.reason()).contains(member);
        assertThat(damaged.name()).isEqualTo("BudgetLedger " + AccountObjects.name(KEY));
        assertThat(damaged.epoch()).isEqualTo(member.equals("epoch") ? 0 : 3);
        assertThat(damaged.key()).isEqualTo(member.equals("key") ? null : KEY);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "holder",
                "amountMicros",
                "settledMicros",
                "returnedMicros",
                "lastAcquire",
                "state"
            })
    void aLeaseWithoutAMemberIsNone(String member) {
        lease().remove(member);
        assertThat(damaged().reason()).contains(member);
        assertThat(damaged().key()).isEqualTo(KEY);
    }

    @ParameterizedTest
    @CsvSource({"settledMicros, 300", "settledMicros, none", "seq, 5.0"})
    void whatIsNoNumberIsNoneHoweverItLooks(String member, String text) {
        spec().put(member, text);
        assertThat(damaged().reason()).contains(member, text);
    }

    @Test
    void aFractionIsNotCutOff() {
        spec().put("settledMicros", 299.9);
        assertThat(damaged().reason()).contains("settledMicros");
    }

    @Test
    void leasesThatAreNoListAreNotForgotten() {
        spec().put("leases", Map.of("log-1/1", lease()));
        assertThat(damaged().reason()).contains("leases");
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void anObjectWithoutASpecIsNoAccount(boolean text) {
        object.setAdditionalProperty("spec", text ? "none" : null);
        assertThat(damaged().reason()).contains("spec");
        assertThat(damaged().key()).isNull();
        assertThat(damaged().epoch()).isZero();
    }

    /** Whatever the state means, its money stays charged. */
    @Test
    void aLeaseInAStateOfALaterVersionStaysCharged() {
        lease().put("state", "Frozen");
        assertThat(entry())
                .isInstanceOfSatisfying(
                        Entry.Good.class,
                        good ->
                                assertThat(good.versioned().account().leases().getFirst().state())
                                        .isEqualTo(LeaseAccount.State.SUSPECT));
    }
}
