/**
 * Programs that look up the name of their uid and fail, or behave otherwise, where `/etc/passwd` has none. A uid that a
 * platform has chosen has none.
 */
export interface PasswdProgram {
  programs: RegExp
  /** Of its arguments; without it every call counts. */
  arguments?: RegExp
  /** Variables that answer the question instead. */
  variables?: readonly string[]
  severity: 'warning' | 'info'
  /** What happens. */
  effect: string
}

export const passwdPrograms: readonly PasswdProgram[] = [
  {
    // source: openssh-portable ssh.c, ssh-keygen.c: getpwuid(getuid()), "No user exists for uid %lu"
    programs: /^(?:ssh|scp|sftp|autossh|sshfs|ssh-keygen|ssh-add|ssh-copy-id)$/,
    severity: 'warning',
    effect: 'ends with "No user exists for uid"'
  },
  {
    // source: the same, which git starts for these addresses
    programs: /^git$/,
    arguments: /(?:^|\s)(?:ssh:\/\/|[\w.-]+@[\w.-]+:)/,
    severity: 'warning',
    effect: 'starts ssh, which ends with "No user exists for uid"'
  },
  {
    // source: coreutils src/whoami.c "cannot find name for user ID"
    programs: /^(?:whoami|logname)$/,
    severity: 'warning',
    effect: 'ends with "cannot find name for user ID"'
  },
  {
    // source: coreutils src/id.c, print_user
    programs: /^id$/,
    arguments: /(?:^|\s)-(?:un|nu)\b/,
    severity: 'warning',
    effect: 'ends with "cannot find name for user ID"'
  },
  {
    // source: postgres src/common/username.c get_user_name: "could not look up effective user ID"
    programs: /^(?:initdb|postgres|postmaster|pg_ctl)$/,
    severity: 'warning',
    effect: 'ends with "could not look up effective user ID"'
  },
  {
    // source: postgres src/interfaces/libpq/fe-auth.c pg_fe_getauthname, asked for when no user name is given
    programs: /^(?:psql|pg_dump|pg_dumpall|pg_restore|pg_isready|createdb|vacuumdb)$/,
    variables: ['PGUSER', 'DATABASE_URL'],
    severity: 'info',
    effect: 'needs a user name (-U, PGUSER): it takes that of the account'
  },
  {
    // source: apache/hadoop UserGroupInformation.getLoginUser with com.sun.security.auth.module.UnixLoginModule: "invalid null input: name"
    programs:
      /^(?:hadoop|hdfs|yarn-daemon\.sh|hive|hiveserver2|beeline|hbase|spark-(?:submit|shell|class|sql)|pyspark|flink)$/,
    variables: ['HADOOP_USER_NAME'],
    severity: 'warning',
    effect: 'ends with "invalid null input: name" where it logs in'
  },
  {
    // source: cpython Lib/getpass.py getuser: LOGNAME, USER, LNAME, USERNAME, then pwd.getpwuid
    programs: /^(?:airflow|torchrun|accelerate|luigid|dask-\S+)$/,
    variables: ['LOGNAME', 'USER', 'LNAME', 'USERNAME'],
    severity: 'warning',
    effect: 'asks for the name by getpass.getuser, which raises KeyError'
  },
  {
    // source: nodejs os.userInfo, libuv uv_os_get_passwd: ENOENT
    programs: /^(?:code-server|openvscode-server)$/,
    severity: 'warning',
    effect: 'asks by os.userInfo, which throws'
  },
  {
    // source: sudo plugins/sudoers "you do not exist in the %s database"; util-linux su-common.c
    programs: /^(?:sudo|su|runuser)$/,
    severity: 'warning',
    effect: 'does not know who calls it'
  },
  {
    // source: dbus dbus-userdb.c; GNU screen screen.c "getpwuid() can't identify your account!"
    programs: /^(?:dbus-daemon|dbus-launch|dbus-run-session|screen|vncserver|Xvnc|x11vnc)$/,
    severity: 'warning',
    effect: 'ends where it looks up its account'
  },
  {
    // source: openjdk java_props_md.c: user.name and, before JDK 19 (JDK-8280357), user.home are "?" without an entry
    programs: /^java$/,
    arguments: /^(?!.*-Duser\.home=)/,
    severity: 'info',
    effect: 'has "?" for user.name, before JDK 19 for user.home too (-Duser.home=$HOME)'
  }
]
