// Written by FlagTableTests: see there.

extension FlagTable {
    /// - Parameter command: the name of the command's type.
    /// - Returns: its flags, as `Entry.text` writes them, between blanks or line ends.
    static func text(of command: String) -> String? {
        switch command {
        case "AttachCommand":
            "detach-keys= no-stdin sig-proxy no-sig-proxy h,help"
        case "BuildCommand":
            """
            add-host= allow= build-arg= build-context= call= check cache-from= cgroup-parent= cpu-period= cpu-quota=
            c,cpu-shares= cpuset-cpus= cpuset-mems= explain explain-text explain-json file,f= force-rm iidfile= label= load
            memory,m= memory-swap= metadata-file= network= no-cache no-cache-filter= on-failure= output,o= platform=
            progress= pull push quiet,q rm no-rm secret= shm-size= squash ssh= tag,t= target= ulimit= what-if= annotation=
            attest= builder= cache-to= compress isolation= policy= provenance= sbom= security-opt= h,help
            """
        case "BuilderPruneCommand":
            "all,a filter= force,f keep-storage= h,help"
        case "BuildsInspectCommand":
            "json h,help"
        case "BuildsListCommand":
            "format= quiet,q h,help"
        case "BuildsLogsCommand":
            "h,help"
        case "BuildsOpenCommand":
            "output,o= h,help"
        case "CommitCommand":
            "author,a= change,c= message,m= p,pause no-pause h,help"
        case "ConfigCommand":
            "h,help"
        case "ContainerInspectCommand":
            "format,f= size,s h,help"
        case "ContainerListCommand":
            "all,a filter,f= format= n,last= latest,l no-trunc quiet,q size,s h,help"
        case "ContainerListShortcut":
            "all,a filter,f= format= n,last= latest,l no-trunc quiet,q size,s h,help"
        case "ContainerPruneCommand":
            "filter= force,f h,help"
        case "ContextCreateCommand":
            "description= docker= from= h,help"
        case "ContextInspectCommand":
            "format,f= h,help"
        case "ContextListCommand":
            "format= quiet,q h,help"
        case "ContextRemoveCommand":
            "force,f h,help"
        case "ContextShowCommand":
            "h,help"
        case "ContextUseCommand":
            "h,help"
        case "CopyCommand":
            "archive,a L,follow-link quiet,q h,help"
        case "CreateCommand":
            """
            attach,a= interactive,i tty,t entrypoint= env,e= env-file= user,u= workdir,w= name= label,l= label-file=
            annotation= cidfile= platform= pull= quiet,q rm restart= stop-signal= stop-timeout= init health-cmd=
            health-interval= health-timeout= health-retries= health-start-period= health-start-interval= no-healthcheck
            log-driver= log-opt= volume,v= mount= tmpfs= volumes-from= volume-driver= storage-opt= read-only use-api-socket
            privileged cap-add= cap-drop= security-opt= group-add= sysctl= runtime= ipc= pid= uts= userns= cgroupns=
            cgroup-parent= isolation= network,net= network-alias,net-alias= publish,p= P,publish-all expose= h,hostname=
            domainname= add-host= dns= dns-option,dns-opt= dns-search= ip= ip6= link-local-ip= mac-address= link= memory,m=
            memory-reservation= memory-swap= memory-swappiness= kernel-memory= oom-kill-disable oom-score-adj= pids-limit=
            shm-size= cpus= c,cpu-shares= cpu-period= cpu-quota= cpu-rt-period= cpu-rt-runtime= cpuset-cpus= cpuset-mems=
            blkio-weight= blkio-weight-device= device-read-bps= device-write-bps= device-read-iops= device-write-iops=
            device= device-cgroup-rule= gpus= ulimit= cpu-count= cpu-percent= io-maxbandwidth= io-maxiops= help
            """
        case "DiffCommand":
            "h,help"
        case "DiskUsageCommand":
            "format= verbose,v h,help"
        case "EventsCommand":
            "filter,f= format= since= until= h,help"
        case "ExecCommand":
            "detach,d detach-keys= env,e= env-file= interactive,i privileged tty,t user,u= workdir,w= help"
        case "ExportCommand":
            "output,o= h,help"
        case "HistoryCommand":
            "format= H,human no-human no-trunc platform= quiet,q h,help"
        case "ImageInspectCommand":
            "format,f= platform= h,help"
        case "ImageLayersCommand":
            "json no-trunc h,help"
        case "ImageListCommand":
            "all,a digests filter,f= format= no-trunc quiet,q h,help"
        case "ImageListShortcut":
            "all,a digests filter,f= format= no-trunc quiet,q h,help"
        case "ImagePruneCommand":
            "all,a filter= force,f h,help"
        case "ImageRemoveCommand":
            "force,f no-prune h,help"
        case "ImageRemoveShortcut":
            "force,f no-prune h,help"
        case "ImportCommand":
            "change,c= message,m= platform= h,help"
        case "InfoCommand":
            "format,f= h,help"
        case "InspectCommand":
            "format,f= size,s type= h,help"
        case "KillCommand":
            "signal,s= h,help"
        case "LoadCommand":
            "input,i= quiet,q h,help"
        case "LoginCommand":
            "username,u= password,p= password-stdin h,help"
        case "LogoutCommand":
            "h,help"
        case "LogsCommand":
            "details follow,f since= n,tail= timestamps,t until= h,help"
        case "NetworkConnectCommand":
            "alias= driver-opt= gw-priority= ip= ip6= link= link-local-ip= h,help"
        case "NetworkCreateCommand":
            """
            attachable aux-address= config-from= config-only driver,d= gateway= ingress internal ip-range= ipam-driver=
            ipam-opt= ipv4 no-ipv4 ipv6 no-ipv6 label= opt,o= scope= subnet= h,help
            """
        case "NetworkDisconnectCommand":
            "force,f h,help"
        case "NetworkInspectCommand":
            "format,f= verbose,v h,help"
        case "NetworkListCommand":
            "filter,f= format= no-trunc quiet,q h,help"
        case "NetworkPruneCommand":
            "filter= force,f h,help"
        case "NetworkRemoveCommand":
            "force,f h,help"
        case "NodeCommand":
            "h,help"
        case "PauseCommand":
            "h,help"
        case "PluginCommand":
            "h,help"
        case "PortCommand":
            "h,help"
        case "PullCommand":
            "a,all-tags platform= quiet,q disable-content-trust h,help"
        case "PushCommand":
            "a,all-tags platform= quiet,q disable-content-trust h,help"
        case "RemoveCommand":
            "force,f link,l volumes,v h,help"
        case "RenameCommand":
            "h,help"
        case "RestartCommand":
            "signal,s= t,timeout,time= h,help"
        case "RunCommand":
            """
            detach,d detach-keys= sig-proxy no-sig-proxy attach,a= interactive,i tty,t entrypoint= env,e= env-file= user,u=
            workdir,w= name= label,l= label-file= annotation= cidfile= platform= pull= quiet,q rm restart= stop-signal=
            stop-timeout= init health-cmd= health-interval= health-timeout= health-retries= health-start-period=
            health-start-interval= no-healthcheck log-driver= log-opt= volume,v= mount= tmpfs= volumes-from= volume-driver=
            storage-opt= read-only use-api-socket privileged cap-add= cap-drop= security-opt= group-add= sysctl= runtime=
            ipc= pid= uts= userns= cgroupns= cgroup-parent= isolation= network,net= network-alias,net-alias= publish,p=
            P,publish-all expose= h,hostname= domainname= add-host= dns= dns-option,dns-opt= dns-search= ip= ip6=
            link-local-ip= mac-address= link= memory,m= memory-reservation= memory-swap= memory-swappiness= kernel-memory=
            oom-kill-disable oom-score-adj= pids-limit= shm-size= cpus= c,cpu-shares= cpu-period= cpu-quota= cpu-rt-period=
            cpu-rt-runtime= cpuset-cpus= cpuset-mems= blkio-weight= blkio-weight-device= device-read-bps= device-write-bps=
            device-read-iops= device-write-iops= device= device-cgroup-rule= gpus= ulimit= cpu-count= cpu-percent=
            io-maxbandwidth= io-maxiops= help
            """
        case "SaveCommand":
            "output,o= h,help"
        case "SearchCommand":
            "filter,f= format= limit= no-trunc h,help"
        case "SecretCommand":
            "h,help"
        case "ServiceCommand":
            "h,help"
        case "StackCommand":
            "h,help"
        case "StartCommand":
            "attach,a interactive,i detach-keys= checkpoint= checkpoint-dir= h,help"
        case "StatsCommand":
            "all,a format= no-stream no-trunc h,help"
        case "StopCommand":
            "signal,s= t,timeout,time= h,help"
        case "SwarmCommandItself":
            "h,help"
        case "SystemPruneCommand":
            "all,a filter= force,f volumes h,help"
        case "TagCommand":
            "h,help"
        case "TopCommand":
            "h,help"
        case "UnpauseCommand":
            "h,help"
        case "UpdateCommand":
            """
            blkio-weight= cpu-period= cpu-quota= cpu-rt-period= cpu-rt-runtime= c,cpu-shares= cpus= cpuset-cpus=
            cpuset-mems= kernel-memory= memory,m= memory-reservation= memory-swap= pids-limit= restart= h,help
            """
        case "VersionCommand":
            "format,f= h,help"
        case "VolumeCreateCommand":
            "driver,d= label= opt,o= name= h,help"
        case "VolumeInspectCommand":
            "format,f= h,help"
        case "VolumeListCommand":
            "filter,f= format= quiet,q h,help"
        case "VolumePruneCommand":
            "all,a filter= force,f h,help"
        case "VolumeRemoveCommand":
            "force,f h,help"
        case "WaitCommand":
            "h,help"
        case "WhyCommand":
            "format= h,help"
        default: nil
        }
    }
}
