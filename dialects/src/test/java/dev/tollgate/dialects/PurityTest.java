package dev.tollgate.dialects;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.time.Clock;
import java.time.Instant;
import org.junit.jupiter.api.Test;

/** The wire formats are pure: bytes and values in, bytes and values out. */
class PurityTest {
    private static final JavaClasses CLASSES =
            new ClassFileImporter()
                    .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
                    .importPackages("dev.tollgate.dialects");

    @Test
    void dependsOnNoServerFileClockOrLog() {
        noClasses()
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(
                        "io.vertx..",
                        "io.fabric8..",
                        "io.netty..",
                        "java.nio.file..",
                        "java.net.http..",
                        "java.util.logging..",
                        "org.slf4j..",
                        "java.util.concurrent..")
                .orShould()
                .dependOnClassesThat()
                .haveFullyQualifiedName("java.io.File")
                .orShould()
                .dependOnClassesThat()
                .areAssignableTo(Clock.class)
                .check(CLASSES);
    }

    @Test
    void asksNoClockAndRollsNoDice() {
        noClasses()
                .should()
                .callMethod(System.class, "currentTimeMillis")
                .orShould()
                .callMethod(System.class, "nanoTime")
                .orShould()
                .callMethod(Instant.class, "now")
                .orShould()
                .dependOnClassesThat()
                .haveFullyQualifiedName("java.util.Random")
                .orShould()
                .dependOnClassesThat()
                .haveFullyQualifiedName("java.security.SecureRandom")
                .check(CLASSES);
    }

    @Test
    void printsNothing() {
        noClasses().should().accessField(System.class, "out").check(CLASSES);
        noClasses().should().accessField(System.class, "err").check(CLASSES);
    }

    @Test
    void readersOfBytesKnowNoBridge() {
        noClasses()
                .that()
                .resideInAnyPackage("..dialects.sse..", "..dialects.json..", "..dialects.scan..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("..dialects.same..", "..dialects.translate..")
                .check(CLASSES);
        slices().matching("dev.tollgate.dialects.(same|translate)..")
                .should()
                .notDependOnEachOther()
                .check(CLASSES);
    }
}
