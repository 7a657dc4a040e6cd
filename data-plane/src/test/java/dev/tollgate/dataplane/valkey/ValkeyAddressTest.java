package dev.tollgate.dataplane.valkey;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ValkeyAddressTest {

    @Test
    void readsEveryPart() throws Exception {
        var address = ValkeyAddress.parse("rediss://me:a%20word@valkey.example:6380/3");
        assertThat(address.tls()).isTrue();
        assertThat(address.host()).isEqualTo("valkey.example");
        assertThat(address.port()).isEqualTo(6380);
        assertThat(address.database()).isEqualTo(3);
        assertThat(address.user()).isEqualTo("me");
        assertThat(address.secret()).isEqualTo("a word");
    }

    @Test
    void takesTheUsualPortAndNobodysName() throws Exception {
        var address = ValkeyAddress.parse("valkey://cache");
        assertThat(address).hasToString("redis://cache:6379/0");
        assertThat(address.user()).isNull();
        assertThat(address.secret()).isNull();
    }

    @Test
    void showsNoPassword() {
        assertThat(ValkeyAddress.parse("redis://:secret@cache:1").toString())
                .isEqualTo("redis://cache:1/0");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "cache:6379",
                "http://:secret@cache",
                "redis://",
                "redis://:secret@",
                "redis://:secret@cache:0",
                "redis://:secret@cache:70000",
                "redis://:secret@cache/one",
                "redis://:secret@cache/0/1",
                "redis://:secret@cache/-1",
                "redis://:secret@cache?x=secret",
                "redis://:sec ret@cache"
            })
    void refusesAnythingElseInOneLineWithoutTheSecret(String text) {
        assertThatThrownBy(() -> ValkeyAddress.parse(text))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("expected: ")
                .hasMessageNotContaining("secret")
                .hasMessageNotContaining("\n");
    }

    @Test
    void readsThePasswordFromItsFileEveryTime(@TempDir Path folder) throws Exception {
        var file = Files.writeString(folder.resolve("password"), "old\n");
        var address = ValkeyAddress.parse("redis://cache").with(file, null);
        assertThat(address.secret()).isEqualTo("old");
        Files.writeString(file, "new\n");
        assertThat(address.secret()).isEqualTo("new");
    }

    @Test
    void takesOnePasswordAndCertificatesOnlyForTls(@TempDir Path folder) {
        assertThatThrownBy(() -> ValkeyAddress.parse("redis://:a@cache").with(folder, null))
                .hasMessageContaining("in a file");
        assertThatThrownBy(() -> ValkeyAddress.parse("redis://cache").with(null, folder))
                .hasMessageContaining("rediss://");
    }
}
