package dev.resumablews;

import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaMethod;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.core.importer.Location;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.lang.CompositeArchRule;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import com.tngtech.archunit.library.GeneralCodingRules;
import org.jspecify.annotations.NullMarked;

import org.springframework.beans.factory.config.BeanFactoryPostProcessor;
import org.springframework.beans.factory.config.BeanPostProcessor;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Condition;
import org.springframework.context.annotation.Configuration;

import static com.tngtech.archunit.base.DescribedPredicate.describe;
import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.assignableTo;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.methods;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noMethods;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests the dependencies between packages and the conventions of Spring Boot modules. The
 * rules also apply to future packages.
 */
@AnalyzeClasses(packages = ArchitectureTests.ROOT,
		importOptions = { ImportOption.DoNotIncludeTests.class, ArchitectureTests.DoNotIncludeTestModule.class })
class ArchitectureTests {

	static final String ROOT = "dev.resumablews";

	private static final String[] API = { ROOT, ROOT + ".observation", ROOT + ".test" };

	private static final String INTERNAL = ROOT + ".internal";

	private static final String IMPORTS = "META-INF/spring/" + AutoConfiguration.class.getName() + ".imports";

	/**
	 * The package on which every package may depend, and which depends only on the API.
	 */
	private static final String COMMON = "failure";

	/**
	 * The packages on which a package may depend, in addition to the API, {@link #COMMON}
	 * and itself. A package without an entry may depend on all packages that do not
	 * depend on it.
	 */
	private static final Map<String, Set<String>> MAY_DEPEND_ON = Map.ofEntries(//
			entry(COMMON), //
			entry("protocol", "epoch"), //
			entry("epoch"), //
			entry("client"), //
			entry("observation"), //
			entry("datasource"), //
			entry("schema", "datasource"), //
			entry("node"), //
			entry("ephemeral"), //
			entry("concurrent"), //
			entry("status", "concurrent"), //
			entry("operations", "concurrent", "status", "jdbc", "schema", "node", "log"), //
			entry("budget"), //
			entry("codec", "concurrent"), //
			entry("observability", "concurrent"), //
			entry("jdbc", "concurrent", "datasource", "schema"), //
			entry("handshake", "observability", "protocol", "epoch"), //
			entry("feed", "codec", "concurrent", "jdbc", "epoch"), //
			entry("presence", "concurrent", "jdbc", "node"), //
			entry("log", "observation", "status", "observability", "budget", "codec", "concurrent", "schema", "jdbc",
					"node", "feed", "epoch"), //
			entry("publish", "observability", "protocol", "codec", "concurrent", "datasource", "jdbc", "log", "feed",
					"presence", "epoch", "ephemeral"), //
			entry("cluster", "status", "concurrent", "datasource", "jdbc", "schema", "node", "feed", "log", "ephemeral",
					"protocol"), //
			entry("cleanup", "status", "observability", "concurrent", "datasource", "schema", "jdbc", "log"), //
			entry("configuration", "handshake", "datasource", "jdbc"), //
			entry("reply", "observation", "status", "observability", "codec", "concurrent", "budget", "jdbc", "log",
					"node", "protocol", "epoch"), //
			entry("springai", "log", "reply"), //
			entry("relay", "observation", "status", "codec", "concurrent", "budget", "jdbc", "log", "feed", "node",
					"protocol", "epoch"), //
			entry("handler", "concurrent", "workers", "jdbc", "failure", "log", "publish", "relay", "reply"), //
			entry("workers", "concurrent"), //
			entry("outbox", "budget", "protocol"), //
			entry("connection", "observation", "status", "observability", "concurrent", "budget", "log", "feed",
					"presence", "reply", "protocol", "handshake", "epoch", "workers", "outbox"), //
			entry("security", "client", "handler", "handshake", "presence"), //
			entry("dispatch", "observation", "handler", "concurrent", "budget", "log", "publish", "reply", "relay",
					"protocol", "workers", "connection"), //
			entry("admission", "status", "observability", "concurrent", "budget", "log", "presence", "reply",
					"protocol", "handshake", "ephemeral", "node", "workers", "connection", "dispatch"), //
			entry("http", "observation", "concurrent", "budget", "log", "protocol", "handshake", "workers",
					"connection", "dispatch", "admission"), //
			entry("websocket", "observation", "handshake", "connection", "dispatch", "admission"));

	private static final DescribedPredicate<JavaClass> AUTO_CONFIGURATION = describe("auto-configurations",
			(type) -> type.isAnnotatedWith(AutoConfiguration.class));

	private static final DescribedPredicate<JavaClass> PART_OF_AUTO_CONFIGURATION = describe(
			"parts of auto-configurations", (type) -> within(type, AUTO_CONFIGURATION));

	private static final DescribedPredicate<JavaClass> PROPERTIES = describe("the properties", (type) -> within(type,
			describe("", (outer) -> outer.getFullName().equals(ROOT + ".ResumableWsProperties"))));

	private static final DescribedPredicate<JavaClass> ADAPTER_TO_BOOT = describe("adapters to Spring Boot",
			(type) -> type.isAssignableTo("org.springframework.boot.diagnostics.FailureAnalyzer")
					|| type.isAssignableTo("org.springframework.boot.sql.init.dependency.DatabaseInitializerDetector")
					|| type.isAssignableTo(Condition.class));

	private static final DescribedPredicate<JavaMethod> BEAN_METHOD = describe("bean methods",
			(method) -> method.isAnnotatedWith(Bean.class));

	@ArchTest
	static final ArchRule theApiDependsOnNoOtherPackage = noClasses().that()
		.resideInAnyPackage(API)
		.should()
		.dependOnClassesThat()
		.resideInAPackage(INTERNAL + "..");

	@ArchTest
	static final ArchRule everythingButTheApiIsInternal = classes().that()
		.resideOutsideOfPackage(INTERNAL + "..")
		.should()
		.resideInAnyPackage(API);

	@ArchTest
	static final ArchRule packagesDependOnlyOnAllowedPackages = CompositeArchRule
		.of(MAY_DEPEND_ON.entrySet().stream().map((entry) -> mayDependOn(entry.getKey(), entry.getValue())).toList());

	@ArchTest
	static final ArchRule packagesHaveNoCycles = slices().matching(INTERNAL + ".(*)..").should().beFreeOfCycles();

	@ArchTest
	static final ArchRule onlyPackagesWithSqlDependOnTheSchema = noClasses().that()
		.resideOutsideOfPackages(inside("schema", "jdbc", "log", "cleanup", "cluster", "operations"))
		.should()
		.dependOnClassesThat()
		.resideInAPackage(INTERNAL + ".schema..");

	@ArchTest
	static final ArchRule theLogDoesNotDependOnWebServers = noClasses().that()
		.resideInAnyPackage(
				inside("jdbc", "node", "feed", "presence", "publish", "log", "schema", "cleanup", "cluster"))
		.should()
		.dependOnClassesThat()
		.resideInAnyPackage("org.springframework.web..", "jakarta.websocket..", "jakarta.servlet..",
				"org.apache.tomcat..", "org.apache.catalina..")
		.allowEmptyShould(true);

	@ArchTest
	static final ArchRule connectionsDoNotDependOnJdbc = noClasses().that()
		.resideInAnyPackage(inside("workers", "outbox", "connection", "dispatch", "admission", "http", "websocket",
				"protocol", "handshake"))
		.should()
		.dependOnClassesThat()
		.resideInAnyPackage("java.sql..", "javax.sql..", "org.springframework.jdbc..", "org.postgresql..",
				"com.zaxxer.hikari..")
		.allowEmptyShould(true);

	@ArchTest
	static final ArchRule connectionsDoNotDependOnTransports = noClasses().that(not(PART_OF_AUTO_CONFIGURATION))
		.and()
		.resideInAnyPackage(inside("workers", "outbox", "connection", "dispatch", "admission"))
		.should()
		.dependOnClassesThat()
		.resideInAnyPackage("org.springframework.web..", "org.springframework.http..", "jakarta.websocket..",
				"jakarta.servlet..", "org.apache.tomcat..", "org.apache.catalina..")
		.allowEmptyShould(true);

	@ArchTest
	static final ArchRule theProtocolDependsOnNoFrameworkExceptJackson = classes().that()
		.resideInAnyPackage(inside("protocol"))
		.should()
		.onlyDependOnClassesThat(resideInAnyPackage(ROOT, INTERNAL + ".protocol..", INTERNAL + ".epoch..", "java..",
				"tools.jackson..", "com.fasterxml.jackson.annotation..", "org.jspecify.."))
		.allowEmptyShould(true);

	@ArchTest
	static final ArchRule onlyConfigurationAndOperationsDependOnSpringBoot = noClasses()
		.that(not(PART_OF_AUTO_CONFIGURATION).and(not(PROPERTIES)).and(not(ADAPTER_TO_BOOT)))
		.and()
		.resideOutsideOfPackages(inside("observability", "configuration", "operations"))
		.should()
		.dependOnClassesThat()
		.resideInAPackage("org.springframework.boot..");

	@ArchTest
	static final ArchRule onlyAutoConfigurationsDependOnTheProperties = noClasses()
		.that(not(PART_OF_AUTO_CONFIGURATION).and(not(PROPERTIES)))
		.and()
		.resideOutsideOfPackages(inside("configuration"))
		.should()
		.dependOnClassesThat(PROPERTIES);

	@ArchTest
	static final ArchRule autoConfigurationsArePublicAndFinal = classes().that(AUTO_CONFIGURATION)
		.should()
		.bePublic()
		.andShould()
		.haveModifier(JavaModifier.FINAL)
		.andShould()
		.haveSimpleNameEndingWith("AutoConfiguration");

	@ArchTest
	static final ArchRule autoConfigurationsHaveNoPublicMembers = classes().that(PART_OF_AUTO_CONFIGURATION)
		.should(haveNoPublicMembers());

	@ArchTest
	static final ArchRule configurationsArePartsOfAutoConfigurations = classes().that()
		.areAnnotatedWith(Configuration.class)
		.or()
		.areAnnotatedWith(EnableConfigurationProperties.class)
		.should(ArchCondition.from(PART_OF_AUTO_CONFIGURATION))
		.allowEmptyShould(true);

	@ArchTest
	static void autoConfigurationsAreListedAndSorted(JavaClasses classes) throws IOException, URISyntaxException {
		List<String> listed = imports();
		assertThat(listed).isSorted();
		assertThat(listed).containsExactlyInAnyOrderElementsOf(
				classes.that(AUTO_CONFIGURATION).stream().map(JavaClass::getFullName).toList());
	}

	@ArchTest
	static final ArchRule conditionalOnClassIsNotUsedOnMethods = noMethods().should()
		.beAnnotatedWith(ConditionalOnClass.class);

	@ArchTest
	static final ArchRule conditionsAreNotPublic = noClasses().that(assignableTo(Condition.class))
		.should()
		.bePublic()
		.allowEmptyShould(true);

	@ArchTest
	static final ArchRule beansAreNotOfPrivateTypes = noMethods().that(BEAN_METHOD)
		.should()
		.haveRawReturnType(describe("a private type", (type) -> type.getModifiers().contains(JavaModifier.PRIVATE)));

	@ArchTest
	static final ArchRule beanMethodsAreNotPrivate = noMethods().that(BEAN_METHOD).should().bePrivate();

	@ArchTest
	static final ArchRule postProcessorBeanMethodsAreStatic = methods().that(BEAN_METHOD)
		.and()
		.haveRawReturnType(assignableTo(BeanPostProcessor.class).or(assignableTo(BeanFactoryPostProcessor.class)))
		.should()
		.beStatic()
		.allowEmptyShould(true);

	@ArchTest
	static void packagesAreNullMarked(JavaClasses classes) {
		Stream.concat(Stream.of(classes.getPackage(ROOT)), classes.getPackage(ROOT).getSubpackagesInTree().stream())
			.filter((javaPackage) -> !javaPackage.getClasses().isEmpty())
			.forEach((javaPackage) -> assertThat(javaPackage.isAnnotatedWith(NullMarked.class))
				.as(javaPackage.getName() + " is null-marked")
				.isTrue());
	}

	@ArchTest
	static final ArchRule noClassSleeps = noClasses().should()
		.callMethodWhere(describe("Thread or TimeUnit sleeps",
				(call) -> call.getName().equals("sleep") && Set.of("java.lang.Thread", "java.util.concurrent.TimeUnit")
					.contains(call.getTargetOwner().getFullName())));

	@ArchTest
	static final ArchRule noClassPrints = GeneralCodingRules.NO_CLASSES_SHOULD_ACCESS_STANDARD_STREAMS;

	private static Map.Entry<String, Set<String>> entry(String name, String... others) {
		return Map.entry(name, Set.of(others));
	}

	private static ArchRule mayDependOn(String name, Set<String> others) {
		return noClasses().that()
			.resideInAnyPackage(inside(name))
			.should()
			.dependOnClassesThat(resideInAPackage(INTERNAL + "..").and(not(resideInAnyPackage(inside(name, COMMON))))
				.and(not(resideInAnyPackage(inside(others.toArray(String[]::new))))))
			.because("package " + name + " may depend only on " + others)
			.allowEmptyShould(true);
	}

	private static boolean within(JavaClass type, DescribedPredicate<JavaClass> outer) {
		return outer.test(type) || type.getEnclosingClass().map((enclosing) -> within(enclosing, outer)).orElse(false);
	}

	private static String[] inside(String... names) {
		return Arrays.stream(names).map((name) -> INTERNAL + "." + name + "..").toArray(String[]::new);
	}

	private static List<String> imports() throws IOException, URISyntaxException {
		URI library = ResumableWsProperties.class.getProtectionDomain().getCodeSource().getLocation().toURI();
		return Files.readAllLines(Path.of(library).resolve(IMPORTS));
	}

	private static ArchCondition<JavaClass> haveNoPublicMembers() {
		return new ArchCondition<>("have no public members") {

			@Override
			public void check(JavaClass type, ConditionEvents events) {
				Stream.concat(type.getMethods().stream(), type.getFields().stream())
					.filter((member) -> member.getModifiers().contains(JavaModifier.PUBLIC))
					.forEach((member) -> events
						.add(SimpleConditionEvent.violated(type, member.getFullName() + " is public")));
			}

		};
	}

	/**
	 * Excludes the module with test support for applications.
	 */
	static final class DoNotIncludeTestModule implements ImportOption {

		@Override
		public boolean includes(Location location) {
			return !location.contains("resumable-ws-test");
		}

	}

}
