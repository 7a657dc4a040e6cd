package dev.tollgate.e2e;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaAccess;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.core.importer.Location;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassModel;
import java.lang.classfile.CodeElement;
import java.lang.classfile.MethodModel;
import java.lang.classfile.TypeKind;
import java.lang.classfile.instruction.ArrayLoadInstruction;
import java.lang.classfile.instruction.ArrayStoreInstruction;
import java.lang.classfile.instruction.ConstantInstruction;
import java.lang.classfile.instruction.ConvertInstruction;
import java.lang.classfile.instruction.LoadInstruction;
import java.lang.classfile.instruction.OperatorInstruction;
import java.lang.classfile.instruction.ReturnInstruction;
import java.lang.classfile.instruction.StoreInstruction;
import java.lang.constant.ClassDesc;
import java.time.Clock;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.time.ZonedDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** The arrows and walls of the architecture, over all modules at once. */
@AnalyzeClasses(
        packages = "dev.tollgate",
        importOptions = {ImportOption.DoNotIncludeTests.class, ArchitectureTest.NoTestJars.class})
class ArchitectureTest {

    /** Leaves out what a module publishes for tests. */
    static final class NoTestJars implements ImportOption {
        @Override
        public boolean includes(Location location) {
            return !location.contains("-tests.jar");
        }
    }

    private static final String[] MONEY = {
        "dev.tollgate.policy.price..",
        "dev.tollgate.policy.budget..",
        "dev.tollgate.dataplane.budget..",
        "dev.tollgate.dataplane.wal..",
        "dev.tollgate.simulator.bill.."
    };

    @ArchTest
    static final ArchRule operatorNeverSeesTheDataPlane =
            noClasses()
                    .that()
                    .resideInAPackage("dev.tollgate.operator..")
                    .should()
                    .dependOnClassesThat()
                    .resideInAnyPackage("dev.tollgate.dataplane..", "dev.tollgate.dialects..");

    @ArchTest
    static final ArchRule dataPlaneNeverSeesTheOperatorOrKubernetes =
            noClasses()
                    .that()
                    .resideInAPackage("dev.tollgate.dataplane..")
                    .should()
                    .dependOnClassesThat()
                    .resideInAnyPackage(
                            "dev.tollgate.operator..", "io.fabric8..", "io.javaoperatorsdk..");

    @ArchTest
    static final ArchRule simulatorSharesNoCodeWithTheGateway =
            noClasses()
                    .that()
                    .resideInAPackage("dev.tollgate.simulator..")
                    .should()
                    .dependOnClassesThat()
                    .resideInAnyPackage(
                            "dev.tollgate.policy..",
                            "dev.tollgate.dialects..",
                            "dev.tollgate.dataplane..",
                            "dev.tollgate.operator..",
                            "dev.tollgate.crds..");

    @ArchTest
    static final ArchRule arrowsPointDownwards =
            noClasses()
                    .that()
                    .resideInAnyPackage("dev.tollgate.crds..", "dev.tollgate.dialects..")
                    .should()
                    .dependOnClassesThat()
                    .resideInAnyPackage(
                            "dev.tollgate.policy..",
                            "dev.tollgate.dataplane..",
                            "dev.tollgate.operator..",
                            "dev.tollgate.cli..");

    @ArchTest
    static final ArchRule policyAndDialectsArePure =
            noClasses()
                    .that()
                    .resideInAnyPackage("dev.tollgate.policy..", "dev.tollgate.dialects..")
                    .should()
                    .dependOnClassesThat()
                    .resideInAnyPackage(
                            "io.vertx..",
                            "io.netty..",
                            "io.fabric8..",
                            "org.slf4j..",
                            "java.util.logging..",
                            "java.nio.file..",
                            "java.net.http..");

    @ArchTest
    static final ArchRule theSystemClockIsReadInShellsAlone =
            noClasses()
                    .that()
                    .resideInAnyPackage(
                            "dev.tollgate.policy..",
                            "dev.tollgate.dialects..",
                            "dev.tollgate.crds..",
                            "dev.tollgate.simulator.bill..",
                            "dev.tollgate.dataplane.record..",
                            "dev.tollgate.dataplane.identity..")
                    .or()
                    .haveSimpleName("FleetRules")
                    .or()
                    .haveSimpleName("Settlement")
                    .should()
                    .callMethodWhere(new ReadsTheClock())
                    .orShould()
                    .callConstructor(java.util.Date.class)
                    .orShould()
                    .callConstructor(java.util.Random.class);

    @ArchTest
    static final ArchRule noProcessesScriptsDeserialisationOrSql =
            noClasses()
                    .that()
                    .resideInAnyPackage(
                            "dev.tollgate.policy..",
                            "dev.tollgate.dialects..",
                            "dev.tollgate.dataplane..",
                            "dev.tollgate.operator..")
                    .should()
                    .dependOnClassesThat(
                            resideInAnyPackage(
                                            "javax.script..",
                                            "java.sql..",
                                            "javax.sql..",
                                            "javax.naming..")
                                    .or(
                                            oneOf(
                                                    ProcessBuilder.class,
                                                    Process.class,
                                                    java.io.ObjectInputStream.class,
                                                    java.io.ObjectOutputStream.class)))
                    .orShould()
                    .callMethod(Runtime.class, "exec", String.class)
                    .orShould()
                    .callMethod(Runtime.class, "exec", String[].class);

    @ArchTest
    static final ArchRule packagesOfAModuleHaveNoCycles =
            slices().matching("dev.tollgate.(*).(*)..")
                    .should()
                    .beFreeOfCycles()
                    .ignoreDependency(
                            resideInAnyPackage("dev.tollgate.crds.."),
                            resideInAnyPackage("dev.tollgate.crds.."));

    /** Also inside of methods, where signatures do not tell. */
    @ArchTest
    static void moneyKnowsNoFloatingPoint(JavaClasses all) {
        var money = all.that(resideInAnyPackage(MONEY));
        assertThat(money).as("classes in packages of money").hasSizeGreaterThan(20);
        var found = new ArrayList<String>();
        for (var type : money) {
            floats(bytes(type), found);
        }
        assertThat(found).isEmpty();
    }

    private static DescribedPredicate<JavaClass> oneOf(Class<?>... types) {
        var names = Set.of(types).stream().map(Class::getName).toList();
        return DescribedPredicate.describe(
                "one of " + names, type -> names.contains(type.getName()));
    }

    private static byte[] bytes(JavaClass type) {
        var resource = "/" + type.getName().replace('.', '/') + ".class";
        try (var in = ArchitectureTest.class.getResourceAsStream(resource)) {
            return in.readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void floats(byte[] bytes, List<String> found) {
        ClassModel model = ClassFile.of().parse(bytes);
        for (var field : model.fields()) {
            if (isFloat(field.fieldTypeSymbol())) {
                found.add(model.thisClass().name() + "." + field.fieldName());
            }
        }
        for (MethodModel method : model.methods()) {
            var type = method.methodTypeSymbol();
            boolean floats =
                    isFloat(type.returnType())
                            || type.parameterList().stream().anyMatch(ArchitectureTest::isFloat)
                            || method.code().stream()
                                    .flatMap(code -> code.elementStream())
                                    .anyMatch(ArchitectureTest::isFloat);
            if (floats) {
                found.add(model.thisClass().name() + "." + method.methodName() + "()");
            }
        }
    }

    private static boolean isFloat(CodeElement element) {
        return switch (element) {
            case OperatorInstruction i -> isFloat(i.typeKind());
            case ConvertInstruction i -> isFloat(i.fromType()) || isFloat(i.toType());
            case ConstantInstruction i -> isFloat(i.typeKind());
            case LoadInstruction i -> isFloat(i.typeKind());
            case StoreInstruction i -> isFloat(i.typeKind());
            case ArrayLoadInstruction i -> isFloat(i.typeKind());
            case ArrayStoreInstruction i -> isFloat(i.typeKind());
            case ReturnInstruction i -> isFloat(i.typeKind());
            default -> false;
        };
    }

    private static boolean isFloat(TypeKind kind) {
        return kind == TypeKind.DOUBLE || kind == TypeKind.FLOAT;
    }

    private static boolean isFloat(ClassDesc type) {
        var name = type.descriptorString().replace("[", "");
        return name.equals("D")
                || name.equals("F")
                || name.equals("Ljava/lang/Double;")
                || name.equals("Ljava/lang/Float;");
    }

    /** A call that asks the machine for the time. */
    private static final class ReadsTheClock extends DescribedPredicate<JavaAccess<?>> {
        private static final Set<String> TIME_TYPES =
                Set.of(
                        Instant.class.getName(),
                        LocalDate.class.getName(),
                        LocalDateTime.class.getName(),
                        OffsetDateTime.class.getName(),
                        ZonedDateTime.class.getName());

        ReadsTheClock() {
            super("reads the system clock");
        }

        @Override
        public boolean test(JavaAccess<?> access) {
            var owner = access.getTargetOwner().getName();
            var name = access.getTarget().getName();
            return owner.equals(System.class.getName())
                            && (name.equals("currentTimeMillis") || name.equals("nanoTime"))
                    || owner.equals(Clock.class.getName()) && name.startsWith("system")
                    || TIME_TYPES.contains(owner) && name.equals("now")
                    || owner.equals("java.util.concurrent.ThreadLocalRandom");
        }
    }
}
