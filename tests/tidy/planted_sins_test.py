#!/usr/bin/env python3
"""Each fence of tidy catches the sin it is there for.

Goal: a fence that has gone blind fails here. Method: copy the pure base of the tree into a scratch
folder, see that it is clean there, plant one sin, and expect the very fence to name it. For the
fences on archives the sin is compiled into one.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
TIDY = os.path.join(HERE, "tidy.py")
COPIED = ("engine/base", "engine/seam", ".clang-format", "tests/tidy")
CROSS = "aarch64-linux-gnu-"

# what is planted into an archive: (name, rule, what the finding must hold, C++ text)
ARCHIVE_SINS = [
    ("steady clock", "symbols", "steady_clock::now",
     "#include <chrono>\nauto sin() { return std::chrono::steady_clock::now(); }"),
    ("wall clock", "symbols", "system_clock::now",
     "#include <chrono>\nauto sin() { return std::chrono::system_clock::now(); }"),
    ("time()", "symbols", "takes time from",
     "#include <ctime>\nlong sin() { return time(nullptr); }"),
    ("clock_gettime()", "symbols", "clock_gettime",
     "#include <ctime>\nint sin() { timespec t; return clock_gettime(CLOCK_MONOTONIC, &t); }"),
    ("random_device", "symbols", "random_device",
     "#include <random>\nunsigned sin() { return std::random_device{}(); }"),
    ("rand()", "symbols", "takes rand from", "#include <cstdlib>\nint sin() { return rand(); }"),
    ("getenv()", "symbols", "getenv",
     '#include <cstdlib>\nchar* sin() { return getenv("HOME"); }'),
    ("thread", "symbols", "std::thread",
     "#include <thread>\nvoid sin() { std::thread([] {}).join(); }"),
    ("mutex", "symbols", "pthread_mutex_lock",
     "#include <mutex>\nvoid sin(std::mutex& m) { m.lock(); }"),
    ("static local", "symbols", "__cxa_guard_acquire",
     "#include <string>\nstd::string& sin(int n) { static std::string s(n, 'x'); return s; }"),
    ("thread_local", "symbols", "__cxa_thread_atexit",
     "#include <string>\nstd::string& sin() { thread_local std::string s; return s; }"),
    ("stdio file", "symbols", "fopen",
     '#include <cstdio>\nvoid* sin() { return fopen("/etc/passwd", "r"); }'),
    ("open()", "symbols", "takes open",
     '#include <fcntl.h>\nint sin() { return open("/etc/passwd", O_RDONLY); }'),
    ("ofstream", "symbols", "basic_filebuf",
     '#include <fstream>\nvoid sin() { std::ofstream("/tmp/x") << 1; }'),
    ("printf()", "symbols", "takes printf from",
     '#include <cstdio>\nvoid sin(int n) { printf("%d and more", n); }'),
    ("snprintf()", "symbols", "snprintf",
     '#include <cstdio>\nvoid sin(char* t, int n) { snprintf(t, 9, "%d and more", n); }'),
    ("socket()", "symbols", "takes socket from",
     "#include <sys/socket.h>\nint sin() { return socket(AF_INET, SOCK_STREAM, 0); }"),
    ("locale", "symbols", "std::locale",
     "#include <locale>\nbool sin() { return std::isalpha('x', std::locale()); }"),
    ("libm", "symbols", "takes pow from",
     "#include <cmath>\ndouble sin_of(double a, double b) { return std::pow(a, b); }"),
    ("Abseil's default hash", "symbols", "kSeed",
     "#include <absl/container/flat_hash_map.h>\n#include <string>\n"
     "int sin(absl::flat_hash_map<std::string, int>& m, const std::string& k) { return m[k]; }"),
    ("std hash of text", "symbols", "_Hash_bytes",
     "#include <string_view>\n#include <functional>\n"
     "unsigned long sin(std::string_view t) { return std::hash<std::string_view>()(t); }"),
    ("global", "data", "sinful_counter",
     "int sinful_counter = 1; int sin() { return ++sinful_counter; }"),
    ("zeroed global", "data", "sinful_zero",
     "long sinful_zero; long sin() { return ++sinful_zero; }"),
    ("hidden global", "data", "sinful_hidden",
     "namespace { int sinful_hidden = 7; } int sin() { return ++sinful_hidden; }"),
    ("trivial static local", "data", "sinful_calls",
     "int sin() { static int sinful_calls = 0; return ++sinful_calls; }"),
    ("inline variable", "data", "sinful_inline",
     "inline int sinful_inline = 3; int* sin() { return &sinful_inline; }"),
    ("trivial thread_local", "data", "sinful_local",
     "thread_local int sinful_local; int sin() { return ++sinful_local; }"),
]

INSTRUCTION_SINS = [
    ("rdtsc", "unsigned long sin() { return __builtin_ia32_rdtsc(); }"),
    ("rdtscp", "unsigned long sin() { unsigned a; return __builtin_ia32_rdtscp(&a); }"),
    ("rdrand", 'long sin() { long v; asm volatile("rdrand %0" : "=r"(v)); return v; }'),
    ("rdseed", 'long sin() { long v; asm volatile("rdseed %0" : "=r"(v)); return v; }'),
    ("cpuid", 'void sin() { asm volatile("cpuid" ::: "eax", "ebx", "ecx", "edx"); }'),
    ("syscall", 'void sin() { asm volatile("syscall" ::: "rax", "rcx", "r11", "memory"); }'),
    ("int", 'void sin() { asm volatile("int $0x80" ::: "memory"); }'),
]

ARM_SINS = [
    ("svc", 'void sin() { asm volatile("svc #0" ::: "memory"); }'),
    ("mrs", 'long sin() { long v; asm volatile("mrs %0, cntvct_el0" : "=r"(v)); return v; }'),
]

# what is planted into the text: (name, rule, file, what the finding must hold, text), and
# sometimes one more file with its text
TEXT_SINS = [
    ("clock header", "includes", "engine/base/sin.h", "<chrono>", "#include <chrono>"),
    ("Asio in the engine", "includes", "engine/base/sin.h", "<boost/asio.hpp>",
     "#include <boost/asio.hpp>"),
    ("a disguised include", "includes", "engine/base/sin.h", "<thread>",
     "/**/ #  include /**/ <thread>  // hidden"),
    ("an include by macro", "includes", "engine/base/sin.h", "cannot tell",
     "#define WHERE <thread>\n#include WHERE"),
    ("#include_next", "includes", "engine/base/sin.h", "#include_next", "#include_next <thread>"),
    ("default-hash header outside its place", "includes", "engine/seam/sin.h", "flat_hash_map",
     "#include <absl/container/flat_hash_map.h>"),
    ("base includes seam", "includes", "engine/base/sin.h", "is not below",
     '#include "engine/seam/input.h"'),
    ("engine includes io", "includes", "engine/client/sin.cc", "is not below",
     '#include "io/sin.h"'),
    ("storage includes the engine", "includes", "storage/sin.cc", "is not below",
     '#include "engine/client/sin.h"'),
    ("io includes sim", "includes", "io/sin.cc", "is not below", '#include "sim/sin.h"'),
    ("sim includes io", "includes", "sim/sin.cc", "is not below", '#include "io/sin.h"'),
    ("sim includes Asio", "includes", "sim/sin.cc", "not for the simulator",
     "#include <boost/asio.hpp>"),
    ("RapidCheck outside the generators", "includes", "sim/sin.cc", "RapidCheck",
     "#include <rapidcheck.h>"),
    ("a relative include", "includes", "engine/base/sin.h", "is no file", '#include "block.h"'),
    ("a long line", "columns", "engine/base/sin.h", "101 columns", "//" + "x" * 99),
    ("a long file", "sizes", "engine/base/sin.h", "601 lines", "\n" * 600),
    ("a long function", "sizes", "engine/base/sin.cc", "sin has 72 lines",
     "int sin(int a = {}) {\n" + "  ++a;\n" * 69 + "  return a;\n}"),
    ("a long constructor", "sizes", "engine/base/sin.cc", "Sin::Sin has 71 lines",
     "Sin::Sin(int a) : a_{a}, b_(a), c_{} {\n" + "  ++a_;\n" * 69 + "}"),
    ("a long member function", "sizes", "engine/base/sin.h", "work has 73 lines",
     "template <class T>\nclass Sin final : Other {\n public:\n  void work() const noexcept {\n"
     + "    step();\n" * 71 + "  }\n};"),
    ("a long test", "sizes", "tests/sin_test.cc", "Sin.is_long has 72 lines",
     "TEST(Sin, is_long) {\n" + "  step();\n" * 70 + "}"),
    ("a long Python function", "sizes", "tests/sin.py", "sin has 71 lines",
     "def sin(a):\n" + "    a += 1\n" * 70),
    ("unformatted text", "format", "engine/base/sin.h", "format", "int   sin( );"),
    ("a note without number", "banned", "io/sin.cc", "issue number", "// TODO later"),
    ("FIXME", "banned", "io/sin.cc", "FIXME", "// FIXME"),
    ("not implemented", "banned", "io/sin.cc", "not implemented", '// "not implemented"'),
    ("sleep_for in a test", "banned", "tests/sin_test.cc", "sleep_for",
     "std::this_thread::sleep_for(a);"),
    ("usleep in the simulator", "banned", "sim/sin.cc", "usleep", "usleep(5);"),
    ("time.sleep in a test", "banned", "tests/sin_test.py", "time.sleep", "time.sleep(1)"),
    ("sleep in a shell test", "banned", "tests/sin.sh", "sleep 1", "sleep 1"),
    ("a skipped test", "banned", "tests/sin_test.cc", "GTEST_SKIP", "GTEST_SKIP();"),
    ("a disabled test", "banned", "tests/sin_test.cc", "DISABLED_", "TEST(Sin, DISABLED_it) {}"),
    ("unordered_map", "banned", "engine/base/sin.h", "unordered",
     "std::unordered_map<int, int> m;"),
    ("float", "banned", "storage/sin.cc", "float", "float f;"),
    ("double", "banned", "engine/client/sin.cc", "double", "double d;"),
    ("new", "banned", "engine/client/sin.cc", "'new'", "int* p = new int;"),
    ("delete", "banned", "engine/client/sin.cc", "'delete'", "void f(int* p) { delete p; }"),
    ("an address as a value", "banned", "engine/client/sin.cc", "uintptr_t",
     "auto a = reinterpret_cast<std::uintptr_t>(p);"),
    ("an exception", "banned", "engine/client/sin.cc", "throw", "void f() { throw 1; }"),
    ("inheritance", "banned", "engine/client/sin.cc", "virtual", "virtual void f();"),
    ("build time", "banned", "io/sin.cc", "__DATE__", "const char* built = __DATE__;"),
    ("a silent header", "headers", "engine/base/sin.h", "what the file decides",
     "#pragma once\nint sin();"),
    ("a header without guard", "headers", "engine/base/sin.h", "#pragma once",
     "// Sin.\nint sin();"),
    ("a test that nobody builds", "unbuilt", "tests/engine/sin_test.cc", "names it", "int sin;"),
    ("a test left out of the list of parts", "unbuilt", "tests/io/sin_test.py", "names it", "x = 1",
     ("tests/io/CMakeLists.txt", "foreach(part other)\n  add_test(x ${part}_test.py)\n")),
    ("a mark that nobody reaches", "marks", "engine/base/sin.cc", "sinful_corner",
     'void f() { reached("sinful_corner"); }'),
    ("a stray file", "top-level", "sin.txt", "top level", "x"),
    ("a folder without README", "top-level", "io/sin.cc", "README", "int sin;"),
    ("a header that needs another", "headers-alone", "engine/base/sin.h", "string",
     "#pragma once\nstd::string sin();"),
]

# text that looks sinful and is not: the fences must stay silent
INNOCENT = """// A comment may say double, new, delete, throw, or that a float never sleeps.
#pragma once

struct Innocent {
  Innocent(const Innocent&) = delete;
  int renewed = 1'000;
  const char* text = "float double new delete throw std::unordered_map";
};
"""


class Scratch:
    """A scratch copy of the pure base of the tree, removed at the end."""

    def __init__(self):
        self.root = tempfile.mkdtemp(prefix="rubus-sins-")
        for name in COPIED:
            source, target = os.path.join(ROOT, name), os.path.join(self.root, name)
            if os.path.isdir(source):
                shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(source, target)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.root)

    def write(self, path, text):
        full = os.path.join(self.root, path)
        os.makedirs(os.path.dirname(full), exist_ok=True)
        with open(full, "w", encoding="utf-8") as file:
            file.write(text)
        return full

    def tidy(self, rule, *more):
        """(exit status, output) of one rule on the scratch copy."""
        command = [sys.executable, TIDY, "--root", self.root, "--rules", rule, *more]
        if rule == "headers-alone":
            command += ["--cache", os.path.join(self.root, "build")]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        return done.returncode, done.stdout + done.stderr

    def archive(self, sources, prefix=""):
        """Compiles the named sources into build/librubus_engine.a."""
        objects = []
        os.makedirs(os.path.join(self.root, "build"), exist_ok=True)
        for source in sources:
            objects.append(os.path.join(self.root, "build", os.path.basename(source) + ".o"))
            subprocess.run([prefix + "g++", "-std=c++20", "-O1", "-D_GLIBCXX_ASSERTIONS", "-w",
                            "-I", self.root, "-c", source, "-o", objects[-1]], check=True)
        library = os.path.join(self.root, "build", "librubus_engine.a")
        if os.path.exists(library):
            os.remove(library)
        subprocess.run([prefix + "ar", "rcs", library, *objects], check=True)
        return library


class PlantedSins(unittest.TestCase):
    def expect_named(self, status, output, rule, held, name):
        rows = [row for row in output.splitlines() if held in row and ": " in row]
        self.assertTrue(status == 1 and rows, f"{rule} did not name the sin {name}:\n{output}")

    def test_a_clean_copy_passes_every_text_fence(self):
        with Scratch() as scratch:
            scratch.write("engine/base/innocent.h", INNOCENT)
            scratch.write("tests/io/named_test.py", "x = 1\n")
            scratch.write("tests/io/CMakeLists.txt", "foreach(part named)\n ${part}_test.py\n")
            scratch.write("tests/innocent.py", "await asyncio.sleep(0)  # lets others run\n")
            for name in ("engine", "tests"):
                scratch.write(f"{name}/README.md", "x\n")
            for rule in sorted({sin[1] for sin in TEXT_SINS} - {"format"}):
                status, output = scratch.tidy(rule)
                self.assertEqual(status, 0, output)

    def test_each_sin_in_the_text_is_named_by_its_fence(self):
        for name, rule, path, held, text, *more in TEXT_SINS:
            if rule == "format" and shutil.which("clang-format-14") is None:
                print("planted sins: format not checked, clang-format-14 is not installed")
                continue
            with self.subTest(name), Scratch() as scratch:
                for other, other_text in more:
                    scratch.write(other, other_text + "\n")
                scratch.write(path, text + "\n")
                self.expect_named(*scratch.tidy(rule), rule, held, name)

    def test_a_clean_archive_passes_every_archive_fence(self):
        with Scratch() as scratch:
            base = os.path.join(scratch.root, "engine/base")
            library = scratch.archive(
                [os.path.join(base, name) for name in os.listdir(base) if name.endswith(".cc")])
            for rule in ("symbols", "instructions", "data"):
                status, output = scratch.tidy(rule, "--archive", library)
                self.assertEqual(status, 0, output)

    def test_each_sin_in_an_archive_is_named_by_its_fence(self):
        for name, rule, held, text in ARCHIVE_SINS:
            with self.subTest(name), Scratch() as scratch:
                library = scratch.archive([scratch.write("engine/base/sin.cc", text + "\n")])
                status, output = scratch.tidy(rule, "--archive", library)
                self.expect_named(status, output, rule, held, name)

    def test_each_impure_instruction_of_x86_64_is_named(self):
        if os.uname().machine != "x86_64":
            print("planted sins: x86-64 instructions not checked on this machine")
            return
        for name, text in INSTRUCTION_SINS:
            with self.subTest(name), Scratch() as scratch:
                library = scratch.archive([scratch.write("engine/base/sin.cc", text + "\n")])
                status, output = scratch.tidy("instructions", "--archive", library)
                self.expect_named(status, output, "instructions", f"instruction: {name}", name)

    def test_each_impure_instruction_of_aarch64_is_named(self):
        prefix = "" if os.uname().machine == "aarch64" else CROSS
        if shutil.which(prefix + "g++") is None:
            print("planted sins: aarch64 not checked, no cross compiler (./dev cross installs it)")
            return
        for name, text in ARM_SINS:
            with self.subTest(name), Scratch() as scratch:
                source = scratch.write("engine/base/sin.cc", text + "\n")
                library = scratch.archive([source], prefix)
                status, output = scratch.tidy(
                    "instructions", "--archive", library, "--tool-prefix", prefix)
                self.expect_named(status, output, "instructions", f"instruction: {name}", name)

    def test_a_source_in_no_archive_is_named(self):
        with Scratch() as scratch:
            library = scratch.archive([scratch.write("engine/base/seen.cc", "int seen;\n")])
            scratch.write("engine/base/unseen.cc", "int unseen;\n")
            status, output = scratch.tidy("cover", "--archive", library)
            self.expect_named(status, output, "cover", "engine/base/unseen.cc", "unseen source")

    def test_waivers_must_be_needed_exact_and_old(self):
        with Scratch() as scratch:
            subprocess.run(["git", "init", "-q", scratch.root], check=True)
            git = ["git", "-C", scratch.root, "-c", "user.name=x", "-c", "user.email=x@localhost"]
            waivers = "tests/tidy/size_waivers.txt"
            path = scratch.write(waivers, "engine/base/sin.h 700\n")
            scratch.write("engine/base/sin.h", "\n" * 650)
            subprocess.run([*git, "add", "."], check=True)
            subprocess.run([*git, "commit", "-q", "-m", "x"], check=True)
            more = ("--waivers", path)
            self.expect_named(*scratch.tidy("sizes", *more), "sizes", "needs 650, not 700", "loose")
            scratch.write(waivers, "engine/base/sin.h 650\n")
            self.assertEqual(scratch.tidy("sizes", *more)[0], 0)
            scratch.write("engine/base/sin.h", "\n" * 710)
            scratch.write(waivers, "engine/base/sin.h 710\n")
            self.expect_named(*scratch.tidy("sizes", *more), "sizes", "only shrink", "grown")
            scratch.write("engine/base/sin.h", "\n")
            self.expect_named(
                *scratch.tidy("sizes", *more), "sizes", "no waiver any more", "unneeded")


if __name__ == "__main__":
    unittest.main()
