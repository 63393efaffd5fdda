// bpf(2) as far as device rules of control groups need it. Source: bpf(2); kernel, bpf/prog_cgroup; uapi/linux/bpf.h.
#pragma once
#include <linux/bpf.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

// The descriptor of a checked program; `log` gets what the verifier has to say when it refuses, if `log_size` is not 0.
static inline int gantry_bpf_load_device(const void *instructions, uint32_t count, char *log, uint32_t log_size) {
    union bpf_attr attributes;
    memset(&attributes, 0, sizeof attributes);
    attributes.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE;
    attributes.insns = (uint64_t)(uintptr_t)instructions;
    attributes.insn_cnt = count;
    attributes.license = (uint64_t)(uintptr_t)"GPL";
    attributes.log_buf = (uint64_t)(uintptr_t)log;
    attributes.log_size = log_size;
    attributes.log_level = log_size > 0;
    memcpy(attributes.prog_name, "gantry_devices", sizeof "gantry_devices");
    return (int)syscall(SYS_bpf, BPF_PROG_LOAD, &attributes, sizeof attributes);
}

static inline int gantry_bpf_attach_device(int cgroup, int program) {
    union bpf_attr attributes;
    memset(&attributes, 0, sizeof attributes);
    attributes.target_fd = cgroup;
    attributes.attach_bpf_fd = program;
    attributes.attach_type = BPF_CGROUP_DEVICE;
    attributes.attach_flags = BPF_F_ALLOW_MULTI;
    return (int)syscall(SYS_bpf, BPF_PROG_ATTACH, &attributes, sizeof attributes);
}

static inline int gantry_bpf_detach_device(int cgroup, int program) {
    union bpf_attr attributes;
    memset(&attributes, 0, sizeof attributes);
    attributes.target_fd = cgroup;
    attributes.attach_bpf_fd = program;
    attributes.attach_type = BPF_CGROUP_DEVICE;
    return (int)syscall(SYS_bpf, BPF_PROG_DETACH, &attributes, sizeof attributes);
}

// Numbers of the programs attached to the group itself; `count` is the room on entry and their number on return.
static inline int gantry_bpf_query_device(int cgroup, uint32_t *programs, uint32_t *count) {
    union bpf_attr attributes;
    memset(&attributes, 0, sizeof attributes);
    attributes.query.target_fd = cgroup;
    attributes.query.attach_type = BPF_CGROUP_DEVICE;
    attributes.query.prog_ids = (uint64_t)(uintptr_t)programs;
    attributes.query.prog_cnt = *count;
    int result = (int)syscall(SYS_bpf, BPF_PROG_QUERY, &attributes, sizeof attributes);
    *count = attributes.query.prog_cnt;
    return result;
}

static inline int gantry_bpf_open_program(uint32_t number) {
    union bpf_attr attributes;
    memset(&attributes, 0, sizeof attributes);
    attributes.prog_id = number;
    return (int)syscall(SYS_bpf, BPF_PROG_GET_FD_BY_ID, &attributes, sizeof attributes);
}
