package dev.tollgate.crds.apiserver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

class ApiServerIT {
    @RegisterExtension static final ApiServer API = new ApiServer();

    @Test
    void servesTheCrdsAfterServerSideApply() {
        API.installCrds();

        var llm = API.kubectl("", "get", "llm", "-A");
        assertThat(llm.exit()).as(llm.err()).isZero();
        assertThat(API.client().getKubernetesVersion().getMinor()).isEqualTo("34");
    }

    @Test
    void saysWhatIsWrongWithANamedFolder(@TempDir Path empty) {
        var binaries = new ControlPlaneBinaries(empty, empty.toString());

        assertThatThrownBy(binaries::find)
                .hasMessageContaining("KUBE_API_TEST_DIR=" + empty)
                .hasMessageContaining("kube-apiserver");
    }
}
