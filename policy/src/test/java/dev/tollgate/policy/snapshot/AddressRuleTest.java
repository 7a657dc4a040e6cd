package dev.tollgate.policy.snapshot;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tollgate.policy.snapshot.AddressRule.Kind;
import dev.tollgate.policy.snapshot.SettingsEntry.EndpointPolicy;
import java.net.InetAddress;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class AddressRuleTest {

    private static InetAddress address(String literal) {
        return Objects.requireNonNull(AddressRule.literal(literal), literal);
    }

    @ParameterizedTest
    @CsvSource({
        "8.8.8.8, PUBLIC",
        "172.15.255.255, PUBLIC",
        "172.32.0.0, PUBLIC",
        "100.128.0.0, PUBLIC",
        "169.253.255.255, PUBLIC",
        "2606:4700::1111, PUBLIC",
        "10.0.0.1, PRIVATE",
        "172.16.0.1, PRIVATE",
        "172.31.255.255, PRIVATE",
        "192.168.1.1, PRIVATE",
        "100.64.0.1, PRIVATE",
        "fd12:3456::1, PRIVATE",
        "127.0.0.1, LOOPBACK",
        "127.255.255.254, LOOPBACK",
        "::1, LOOPBACK",
        "169.254.169.254, METADATA",
        "169.254.0.1, METADATA",
        "168.63.129.16, METADATA",
        "100.100.100.200, METADATA",
        "fd00:ec2::254, METADATA",
        "fe80::1, METADATA",
        "0.0.0.0, UNUSABLE",
        "224.0.0.1, UNUSABLE",
        "255.255.255.255, UNUSABLE",
        "192.0.2.1, UNUSABLE",
        "::, UNUSABLE",
        "ff02::1, UNUSABLE",
        "2001:db8::1, UNUSABLE",
        "2001:0:1::1, UNUSABLE"
    })
    void tellsWhatAnAddressIs(String literal, Kind kind) {
        assertThat(AddressRule.kind(address(literal))).isEqualTo(kind);
    }

    @ParameterizedTest
    @CsvSource({
        "::ffff:169.254.169.254, METADATA",
        "::ffff:127.0.0.1, LOOPBACK",
        "::ffff:10.0.0.1, PRIVATE",
        "64:ff9b::a9fe:a9fe, METADATA",
        "64:ff9b::7f00:1, LOOPBACK",
        "64:ff9b:1::808:808, UNUSABLE",
        "2002:a9fe:a9fe::1, METADATA",
        "2002:7f00:1::, LOOPBACK"
    })
    void seesTheIpv4AddressInsideAnIpv6Address(String literal, Kind kind) {
        assertThat(AddressRule.kind(address(literal))).isEqualTo(kind);
    }

    @ParameterizedTest
    @EnumSource(EndpointPolicy.class)
    void noPolicyAllowsMetadataServices(EndpointPolicy policy) {
        for (var literal : new String[] {"169.254.169.254", "fd00:ec2::254", "[fe80::1]"}) {
            assertThat(AddressRule.allows(policy, false, address(literal))).isFalse();
            assertThat(AddressRule.allows(policy, true, address(literal))).isFalse();
        }
    }

    @Test
    void privateAddressesNeedAServiceOrAPolicyAndLoopbackAnyPolicy() {
        var inside = address("10.1.2.3");
        assertThat(AddressRule.allows(EndpointPolicy.PUBLIC, false, inside)).isFalse();
        assertThat(AddressRule.allows(EndpointPolicy.PUBLIC, true, inside)).isTrue();
        assertThat(AddressRule.allows(EndpointPolicy.CLUSTER, false, inside)).isTrue();
        var loopback = address("127.0.0.1");
        assertThat(AddressRule.allows(EndpointPolicy.CLUSTER, true, loopback)).isFalse();
        assertThat(AddressRule.allows(EndpointPolicy.ANY, false, loopback)).isTrue();
    }
}
