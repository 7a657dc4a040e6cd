package dev.tollgate.operator.event;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.time.Clock;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class EventWriterTest {

    @Test
    void neverMakesItsCallerWaitAndBoundsWhatWaits() throws IOException {
        // accepts connections and never answers
        try (var silent = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
                var client =
                        new KubernetesClientBuilder()
                                .withConfig(
                                        new ConfigBuilder()
                                                .withMasterUrl(
                                                        "http://127.0.0.1:" + silent.getLocalPort())
                                                .withRequestRetryBackoffLimit(0)
                                                .withRequestTimeout(300)
                                                .build())
                                .build();
                var writer = new EventWriter(client, "test", Clock.systemUTC())) {
            var object =
                    new ConfigMapBuilder()
                            .withNewMetadata()
                            .withName("x".repeat(253))
                            .withNamespace("team-a")
                            .endMetadata()
                            .build();
            long before = System.nanoTime();
            // the writer takes one of them now and then: a slow machine tells a few more
            for (int i = 0; i < 2 * EventWriter.MAX_WAITING && writer.dropped() < 90; i++) {
                writer.tell(object, new Notice(Notice.Reason.PROGRAMMED, "note ".repeat(1_000)));
            }
            // who waits does so for a third of a second with each
            assertThat(Duration.ofNanos(System.nanoTime() - before))
                    .isLessThan(Duration.ofSeconds(60));
            assertThat(writer.dropped()).isGreaterThanOrEqualTo(90);
            await().until(() -> writer.failed() >= 2);
            assertThat(writer.written()).isZero();
        }
    }
}
