package dev.tollgate.policy.budget;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

class AccountJsonTest {

    private static final Account ACCOUNT =
            new Account(
                    AccountKey.parse("team-a/monthly//2026-10-31T23:00:00Z--2026-11-30T23:00:00Z"),
                    500_000_000,
                    312_480_000,
                    7,
                    0,
                    null,
                    10_442,
                    7,
                    List.of(
                            new LeaseAccount(
                                    HolderId.parse("5b1e/3"),
                                    9_400_000,
                                    5_200_000,
                                    1,
                                    2,
                                    18,
                                    LeaseAccount.State.OPEN)),
                    List.of(HolderId.parse("9a/1"), HolderId.parse("8c/4")));

    private static final String JSON =
            """
            {"closed":["9a/1","8c/4"],"epoch":7,"key":{"name":"monthly","namespace":"team-a","subject":"",\
            "windowEnd":"2026-11-30T23:00:00Z","windowStart":"2026-10-31T23:00:00Z"},\
            "leases":[{"amountMicros":9400000,"holder":"5b1e/3","lastAcquire":18,\
            "overrunMicros":2,"returnedMicros":1,"settledMicros":5200000,"state":"Open"}],\
            "limitMicros":500000000,"overrunMicros":7,"seq":10442,"settledMicros":312480000}""";

    @Test
    void writesCanonicalBytesAndReadsThemAgain() {
        var bytes = AccountJson.write(ACCOUNT);
        assertThat(new String(bytes, StandardCharsets.UTF_8)).isEqualTo(JSON);
        assertThat(AccountJson.read(bytes)).isEqualTo(ACCOUNT);
    }

    @Test
    void readsThatAnAccountIsFrozenAndThatOneOfAnEarlierVersionIsNot() {
        var json = JSON.replace("\"key\"", "\"frozenAtSeq\":10400,\"key\"");
        var frozen = AccountJson.read(json.getBytes(StandardCharsets.UTF_8));
        assertThat(frozen).isEqualTo(ACCOUNT.withFrozenAt(10_400L));
        assertThat(frozen.isFrozen()).isTrue();
        assertThat(new String(AccountJson.write(frozen), StandardCharsets.UTF_8)).isEqualTo(json);
        assertThat(ACCOUNT.isFrozen()).isFalse();
    }

    @Test
    void readsWhatWasGivenBackByDecisionAndTakesAllForThatInAnEarlierVersion() {
        var old = JSON.replace("Open", "Reclaimed");
        var json =
                old.replace("\"returnedMicros\":1", "\"reclaimedMicros\":0,\"returnedMicros\":1");
        var account = AccountJson.read(json.getBytes(StandardCharsets.UTF_8));
        assertThat(account.leases().getFirst().reclaimedMicros()).isZero();
        assertThat(new String(AccountJson.write(account), StandardCharsets.UTF_8)).isEqualTo(json);
        var earlier = AccountJson.read(old.getBytes(StandardCharsets.UTF_8));
        assertThat(earlier.leases().getFirst().reclaimedMicros()).isEqualTo(1);
    }

    @Test
    void ignoresMembersOfALaterVersion() {
        var later = JSON.replace("\"epoch\"", "\"color\":\"red\",\"epoch\"");
        assertThat(AccountJson.read(later.getBytes(StandardCharsets.UTF_8))).isEqualTo(ACCOUNT);
    }

    @Test
    void refusesWhatIsNoAccount() {
        for (var bad :
                List.of(
                        "",
                        "{}",
                        "[1]",
                        JSON.replace("10442", "1.5"),
                        JSON.replace("312480000", "-1"),
                        JSON.replace("5200000", "-1"),
                        JSON.replace("\"Open\"", "\"Shut\""),
                        JSON.replace("\"9a/1\"", "\"9a\""),
                        JSON.replace("[\"9a/1\",\"8c/4\"]", "\"9a/1\""),
                        JSON.replaceFirst("\"leases\":\\[.*?],", ""),
                        JSON.replace("\"leases\":[", "\"leases\":{\"a\":")
                                .replace("}],\"limit", "}},\"limit"),
                        JSON.substring(5),
                        JSON.substring(0, 200),
                        JSON.replace("\"windowEnd\":\"2026-11-30T23:00:00Z\",", ""),
                        JSON.replace("2026-11-30", "2026-09-30"),
                        JSON.replace("\"key\"", "\"frozenAtSeq\":10443,\"key\""),
                        JSON.replace("\"key\"", "\"frozenAtSeq\":null,\"key\""),
                        JSON.replace("\"seq\":10442,", ""))) {
            assertThatThrownBy(() -> AccountJson.read(bad.getBytes(StandardCharsets.UTF_8)))
                    .as(bad)
                    .isInstanceOf(IllegalArgumentException.class);
        }
    }

    @Test
    void tellsWhichAccountItShouldBeAndWhoWroteItAsFarAsThereIsJson() {
        assertThat(told(JSON.replace("\"Open\"", "\"Shut\"")))
                .isEqualTo(new AccountJson.Told(ACCOUNT.key(), 7));
        assertThat(told(JSON.substring(0, 200))).isEqualTo(new AccountJson.Told(ACCOUNT.key(), 7));
        assertThat(told(JSON.substring(0, 60))).isEqualTo(new AccountJson.Told(null, 7));
        assertThat(told(JSON.replace("\"epoch\":7", "\"epoch\":\"7\"")))
                .isEqualTo(new AccountJson.Told(ACCOUNT.key(), 0));
        assertThat(told(JSON.replace("\"epoch\":7", "\"epoch\":9007199254740992")))
                .as("no ledger has such an epoch, and none could begin after it")
                .isEqualTo(new AccountJson.Told(ACCOUNT.key(), 0));
        assertThat(told(JSON.replace("2026-11-30", "2026-09-30")))
                .isEqualTo(new AccountJson.Told(null, 7));
        for (var none : List.of("", "[1]", "\u0000", JSON.substring(5), "{\"key\":{}}")) {
            assertThat(told(none)).as(none).isEqualTo(new AccountJson.Told(null, 0));
        }
    }

    private static AccountJson.Told told(String json) {
        return AccountJson.told(json.getBytes(StandardCharsets.UTF_8));
    }
}
