package dev.tollgate.policy;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.Test;

/** {@code policy} takes values and returns values. */
class PurityTest {

    private static final JavaClasses CLASSES =
            new ClassFileImporter()
                    .withImportOption(new ImportOption.DoNotIncludeTests())
                    .importPackages("dev.tollgate.policy");

    private static final String[] PURE = {
        "..policy.snapshot..",
        "..policy.canary..",
        "..policy.compile..",
        "..policy.route..",
        "..policy.attempt..",
        "..policy.price..",
    };

    @Test
    void usesNoFrameworkFileLoggerThreadOrFuture() {
        noClasses()
                .that()
                .resideInAPackage("..policy..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(
                        "io.vertx..",
                        "io.netty..",
                        "io.fabric8..",
                        "io.opentelemetry..",
                        "org.slf4j..",
                        "java.util.logging..",
                        "java.nio.file..",
                        "java.net.http..")
                .because("the shell does I/O")
                .check(CLASSES);
        noClasses()
                .that()
                .resideInAnyPackage(PURE)
                .should()
                .dependOnClassesThat()
                .haveNameMatching(
                        "java\\.io\\.File.*|java\\.lang\\.Thread|java\\.util\\.Random"
                                + "|java\\.util\\.concurrent\\.(ThreadLocalRandom|.*Future.*"
                                + "|.*Executor.*)|java\\.time\\.Clock")
                .because("decisions are functions of their arguments")
                .check(CLASSES);
    }

    @Test
    void asksNoClock() {
        noClasses()
                .that()
                .resideInAnyPackage(PURE)
                .should()
                .callMethod(System.class, "currentTimeMillis")
                .orShould()
                .callMethod(System.class, "nanoTime")
                .orShould()
                .callMethod(java.time.Instant.class, "now")
                .orShould()
                .callMethod(java.time.LocalDate.class, "now")
                .orShould()
                .callMethod(java.net.InetAddress.class, "getByName", String.class)
                .because("time is an argument, and a name is resolved where it is connected to")
                .check(CLASSES);
    }

    @Test
    void countsMoneyInIntegers() {
        noClasses()
                .that()
                .resideInAnyPackage("..policy.price..", "..policy.budget..")
                .should()
                .dependOnClassesThat()
                .haveNameMatching("java\\.lang\\.(Double|Float)")
                .check(CLASSES);
    }

    @Test
    void hasNoCycles() {
        slices().matching("dev.tollgate.policy.(compile|route|attempt)..")
                .should()
                .beFreeOfCycles()
                .check(CLASSES);
    }
}
