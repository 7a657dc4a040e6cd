package dev.tollgate.operator.api;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.StatusBuilder;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.io.IOException;
import java.net.ConnectException;
import java.net.UnknownHostException;
import java.nio.channels.UnresolvedAddressException;
import org.junit.jupiter.api.Test;

class ApiFailureTest {

    private static final String OWN = "Operation: [list] failed.";

    @Test
    void saysWhatTheServerSaid() {
        var status = new StatusBuilder().withMessage("budgets is forbidden").build();
        assertThat(ApiFailure.text(new KubernetesClientException(OWN, 403, status)))
                .isEqualTo("budgets is forbidden");
    }

    @Test
    void saysWhyThereWasNoAnswerHoweverDeepThatIs() {
        var host = new UnknownHostException("kubernetes.default.svc");
        assertThat(ApiFailure.text(new KubernetesClientException(OWN, host)))
                .isEqualTo(OWN + ": kubernetes.default.svc");
        assertThat(ApiFailure.text(new KubernetesClientException(OWN, new IOException(null, host))))
                .isEqualTo(OWN + ": kubernetes.default.svc");
        assertThat(ApiFailure.text(new KubernetesClientException(OWN, new IOException(host))))
                .isEqualTo(OWN + ": kubernetes.default.svc");
    }

    @Test
    void namesTheLastCauseWhenNoneHasAMessage() {
        var refused = new ConnectException();
        refused.initCause(new UnresolvedAddressException());
        assertThat(
                        ApiFailure.text(
                                new KubernetesClientException(OWN, new IOException(null, refused))))
                .isEqualTo(OWN + ": UnresolvedAddressException");
        assertThat(ApiFailure.text(new IllegalStateException("alone"))).isEqualTo("alone");
    }
}
