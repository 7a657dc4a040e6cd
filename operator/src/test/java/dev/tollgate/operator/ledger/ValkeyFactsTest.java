package dev.tollgate.operator.ledger;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class ValkeyFactsTest {

    private static final String FIT =
            """
            # Server
            redis_version:7.2.4
            valkey_version:8.1.0
            run_id:abc
            # Memory
            maxmemory_policy:noeviction
            aof_enabled:1
            role:master
            connected_slaves:0
            cluster_enabled:0
            """;

    private static String refusal(String from, String to) {
        assertThat(FIT).contains(from);
        return ValkeyFacts.parse(FIT.replace(from, to)).refusal();
    }

    @Test
    void takesOneThatIsFit() {
        assertThat(ValkeyFacts.parse(FIT.replace("\n", "\r\n")))
                .isEqualTo(new ValkeyFacts("abc", 0, null));
    }

    @Test
    void refusesOneWithoutWaitaof() {
        assertThat(refusal("7.2.4", "7.0.15")).contains("version 7.0.15 (expected: 7.2 or later");
        assertThat(refusal("7.2.4", "6.2.9")).contains("expected: 7.2");
        assertThat(refusal("7.2.4", "8.0.0")).isNull();
        assertThat(refusal("7.2.4", "10.0.0")).isNull();
    }

    @Test
    void refusesAReplicaAndANodeOfACluster() {
        assertThat(refusal("role:master", "role:slave")).contains("the primary");
        assertThat(refusal("cluster_enabled:0", "cluster_enabled:1")).contains("cluster");
    }

    @Test
    void wantsWritesToNeedAReplicaWhereThereAreSome() {
        assertThat(refusal("connected_slaves:0", "connected_slaves:2"))
                .contains("min-replicas-to-write");
        var guarded =
                FIT.replace("connected_slaves:0", "connected_slaves:2\nmin_slaves_good_slaves:2");
        assertThat(ValkeyFacts.parse(guarded)).isEqualTo(new ValkeyFacts("abc", 2, null));
    }

    @Test
    void refusesWhatTellsNothing() {
        assertThat(ValkeyFacts.parse("").refusal()).contains("expected: 7.2");
    }
}
